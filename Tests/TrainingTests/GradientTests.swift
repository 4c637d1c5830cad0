import Engine
import Networks
import TestSupport
import Tensors
import Testing
import Training

@Suite struct GradientTests {
  static let networks = TinyNetworks.all().map(\.name)

  /// The twin sees the whole batch at once: that the engine saw it in shards of 4, 4 and 2 must not show.
  @Test(arguments: networks) func gradientOfTheWholeLossIsTheTwins(name: String) throws {
    let graph = TinyNetworks.all().first { $0.name == name }!.graph
    let data = TinyData(10)
    let recorder = Recorder()
    let trainer = try Trainer(
      graph, settings: quickSettings(rate: 0, smoothing: 0.1), seams: TrainingSeams(hooks: [recorder]), width: 2)
    try trainer.run(on: data)

    let whole = try data.shard(0..<10, epoch: 0)
    let twin = Twin(graph, training: true)
    let values = twin.forward(["input": whole.samples.map(Double.init)])
    let (loss, seed) = crossEntropy(logits: values["output"]!, targets: whole.labels.map { $0[0] }, labelSmoothing: 0.1)
    let expected = twin.backward(values: values, outputGradients: ["output": seed])
    expectClose([recorder.losses[0]], [loss], Tolerance(relative: 1e-5), "loss")
    #expect(trainer.parameterNames.count == graph.trainableRoles.count)
    for parameter in trainer.parameterNames {
      expectClose(
        recorder.gradients[0][parameter]!, expected[parameter]!, Tolerance(absolute: 2e-6, relative: 2e-4), scaled: true,
        parameter)
    }
  }

  /// A factor on the images is how they are prepared, and not trained.
  @Test func factorsOnTheInputAreNotTrained() throws {
    var editor = GraphEditor(name: "scaled")
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(1), .fixed(6), .fixed(6)])]
    let scale = editor.add(.float(Tensor(scalar: 1 / 255)), named: "scale")
    let scaled = editor.add(Op.Mul(), named: "scaled", inputs: ["input", scale])
    let weight = editor.add(.float(Tensor(repeating: 0.5, shape: [2, 1, 3, 3])), named: "weight")
    editor.outputs = [editor.add(Op.Conv(), named: "conv", inputs: [scaled, weight])]
    #expect(try editor.graph().trainableRoles == ["weight": .weight])
  }

  @Test func runningStatisticsFollowTheBatch() throws {
    let graph = TinyNetworks.residual()
    let data = TinyData(10)
    let trainer = try Trainer(graph, settings: quickSettings(rate: 0), width: 2)
    try trainer.run(on: data)
    let whole = try data.shard(0..<10, epoch: 0)
    let values = Twin(graph, training: true).forward(["input": whole.samples.map(Double.init)])
    let trained = try trainer.trainedGraph().floatConstants
    for node in graph.nodes where node.op is Op.BatchNormalization {
      let x = values[node.inputs[0]!]!
      let (mean, variance) = batchStatistics(of: x)
      let count = Double(x.count / x.shape[1])
      for (position, batch) in [(3, mean), (4, variance.map { $0 * count / (count - 1) })] {
        let name = node.inputs[position]!
        let expected = zip(graph.floatConstants[name]!.elements, batch.elements).map { 0.9 * Double($0) + 0.1 * $1 }
        expectClose(trained[name]!.elements, expected, Tolerance(absolute: 1e-6, relative: 1e-5), name)
      }
    }
  }

  @Test func perShardStatisticsAreThoseOfTheShards() throws {
    let graph = TinyNetworks.vgg()
    let data = TinyData(8)
    let recorder = Recorder()
    var settings = quickSettings(batch: 8, rate: 0)
    settings.batchNormalization = .perShard
    let trainer = try Trainer(graph, settings: settings, seams: TrainingSeams(hooks: [recorder]), width: 2)
    try trainer.run(on: data)
    let twin = Twin(graph, training: true)
    var sum: [String: Tensor<Double>] = [:]
    for start in [0, 4] {
      let shard = try data.shard(start..<start + 4, epoch: 0)
      let values = twin.forward(["input": shard.samples.map(Double.init)])
      let (_, seed) = crossEntropy(logits: values["output"]!, targets: shard.labels.map { $0[0] })
      for (name, gradient) in twin.backward(values: values, outputGradients: ["output": seed]) {
        let half = gradient.map { $0 / 2 }
        sum[name] =
          sum[name].map { known in
            known.shape == half.shape ? Tensor(zip(known.elements, half.elements).map(+), shape: half.shape) : half
          } ?? half
      }
    }
    for parameter in trainer.parameterNames {
      expectClose(
        recorder.gradients[0][parameter]!, sum[parameter]!, Tolerance(absolute: 2e-6, relative: 2e-4), scaled: true, parameter)
    }
  }
}
