import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing
import Training

@Suite struct DropoutTests {
  /// The tiny VGG with dropout before its first linear layer and before its last.
  private func graph(ratio: Float = 0.5) throws -> Graph {
    var editor = GraphEditor(TinyNetworks.vgg())
    for (position, weight) in ["fc1.weight", "fc2.weight"].enumerated() {
      let node = try #require(editor.nodes.firstIndex { $0.inputs.contains(weight) })
      let share = editor.add(.float(Tensor(scalar: ratio)), named: "share\(position)")
      let layer = editor.nodes.remove(at: node)
      let dropped = editor.add(Op.Dropout(), named: "drop\(position)", inputs: [layer.inputs[0], share])
      let dropout = editor.nodes.removeLast()
      var moved = layer
      moved.inputs[0] = dropped
      editor.nodes.insert(contentsOf: [dropout, moved], at: node)
    }
    return try editor.graph()
  }

  private func mask(_ name: String, in graph: Graph) throws -> DropoutMask {
    let builder = try PlanBuilder(graph, batch: 2, isTraining: true)
    try builder.forward(isDifferentiable: true)
    return try #require(builder.finish().dropouts.first { $0.node == name })
  }

  /// The gradient of a step is the twin's of a network with products in the position of dropout, for all shards.
  @Test(arguments: [3, 10]) func aStepDropsWhatTheFactorsSay(shard: Int) throws {
    let graph = try graph()
    let data = TinyData(10)
    let recorder = Recorder()
    let settings = quickSettings(shard: shard, rate: 0)
    let trainer = try Trainer(graph, settings: settings, seams: TrainingSeams(hooks: [recorder]), width: 2)
    try trainer.run(on: data)

    let whole = try data.shard(0..<10, epoch: 0)
    var editor = GraphEditor(graph)
    for (name, count) in [("drop0", 32), ("drop1", 10)] {
      let mask = try mask(name, in: graph)
      let factors = whole.indices.flatMap { mask.factors(forSample: $0, step: 0, seed: settings.seed, count: count) }
      let position = try #require(editor.nodes.firstIndex { $0.name == name })
      editor.nodes[position].op = Op.Mul()
      editor.nodes[position].inputs[1] = editor.add(.float(Tensor(factors, shape: [10, count])), named: name + ".mask")
    }
    let twin = Twin(try editor.graph(), training: true)
    let values = twin.forward(["input": whole.samples.map(Double.init)])
    let (loss, seed) = crossEntropy(logits: values["output"]!, targets: whole.labels.map { $0[0] }, labelSmoothing: 0)
    let expected = twin.backward(values: values, outputGradients: ["output": seed])
    expectClose([recorder.losses[0]], [loss], Tolerance(relative: 1e-5), "loss")
    for parameter in trainer.parameterNames {
      expectClose(
        recorder.gradients[0][parameter]!, expected[parameter]!, Tolerance(absolute: 2e-6, relative: 2e-4), scaled: true,
        parameter)
    }
  }

  /// Shares of 0.2, 0.4 and 0.5 within four standard deviations, and other elements for another seed, step, sample or node.
  @Test(arguments: [0.2, 0.4, 0.5] as [Float]) func factorsAreDrawnFairly(ratio: Float) throws {
    let graph = try graph(ratio: ratio)
    let mask = try mask("drop0", in: graph)
    func draw(_ mask: DropoutMask, sample: Int = 3, step: Int = 5, seed: UInt64 = 7) -> [Float] {
      mask.factors(forSample: sample, step: step, seed: seed, count: 10_001)
    }
    let factors = draw(mask)
    #expect(Set(factors) == [0, 1 / (1 - ratio)])
    let others = try [
      draw(mask, sample: 4), draw(mask, step: 6), draw(mask, seed: 8), draw(self.mask("drop1", in: graph)),
    ]
    let deviation = (Double(ratio) * Double(1 - ratio) * 10_001).squareRoot()
    for drawn in [factors] + others {
      #expect(abs(Double(drawn.count { $0 == 0 }) - Double(ratio) * 10_001) < 4 * deviation)
    }
    // Independent draws agree in a share 1 − 2r(1 − r) of positions.
    let agreement = 1 - 2 * Double(ratio) * Double(1 - ratio)
    for other in others {
      let equal = zip(factors, other).count { $0 == $1 }
      #expect(abs(Double(equal) / 10_001 - agreement) < 0.02)
    }
    #expect(draw(mask) == factors)
  }

  @Test func sameBitsForEveryNumberOfWorkers() throws {
    let graph = try graph()
    let trained = try [1, 2, 3].map { width in
      let trainer = try Trainer(graph, settings: quickSettings(epochs: 2, batch: 10, shard: 3), width: width)
      try trainer.run(on: TinyData(27))
      return try trainer.trainedGraph()
    }
    #expect(trained[0].floatConstants == trained[1].floatConstants && trained[0].floatConstants == trained[2].floatConstants)
    // What is written has its dropout.
    #expect(trained[0].nodes.count { $0.op is Op.Dropout } == 2)
    let without = try Trainer(TinyNetworks.vgg(), settings: quickSettings(epochs: 2, batch: 10, shard: 3), width: 2)
    try without.run(on: TinyData(27))
    #expect(try without.trainedGraph().floatConstants["fc2.weight"] != trained[0].floatConstants["fc2.weight"])
  }

  @Test func goesOnToTheSameBits() throws {
    let graph = try graph()
    let settings = quickSettings(epochs: 2, batch: 10, shard: 4)
    let whole = try Trainer(graph, settings: settings, width: 2)
    try whole.run(on: TinyData(26))
    try withTemporaryFolder { folder in
      let first = try Trainer(graph, settings: settings, width: 2)
      first.checkpoint = folder.appendingPathComponent("run.h5")
      first.progress = { [unowned first] _ in if first.totalSteps == 4 { first.cancellation.cancel() } }
      _ = try #require(throws: TrainingInterrupted.self) { try first.run(on: TinyData(26)) }
      let second = try Trainer(graph, settings: settings, width: 1)
      try second.resume(from: folder.appendingPathComponent("run.h5"))
      try second.run(on: TinyData(26))
      #expect(try second.trainedGraph().floatConstants == whole.trainedGraph().floatConstants)
    }
  }
}
