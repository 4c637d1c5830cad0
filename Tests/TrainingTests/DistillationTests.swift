import Datasets
import Foundation
import Networks
import Scheduling
import TestSupport
import Tensors
import Testing
import Training

/// What a network learns from another, against PyTorch (`Tests/Peers/make_distillation.py`), differences and a twin.
@Suite struct DistillationTests {
  struct Case: Decodable {
    var temperature: Double, weight: Double, smoothing: Double, label: Int, logits: [Float], teacher: [Double], loss: Double
    var gradient: [Double]

    static func all() throws -> [Case] {
      try JSONDecoder().decode([Case].self, from: Data(contentsOf: testResource("losses/distillation.json")))
    }

    func evaluate() -> (loss: Double, isRight: Bool, gradient: [Float]) {
      let loss = Distillation(
        from: Teacher(TinyNetworks.vgg()), temperature: temperature, weight: weight, labelSmoothing: smoothing)
      var gradient = [Float](repeating: .nan, count: logits.count)
      let found = logits.withUnsafeBufferPointer { logits in
        teacher.withUnsafeBufferPointer { teacher in
          gradient.withUnsafeMutableBufferPointer {
            loss.evaluate(logits, label: Double(label), teacher: teacher, gradient: $0)
          }
        }
      }
      return (found.loss, found.isRight, gradient)
    }

    /// The closed form, in the paper's notation.
    func closedForm(at logits: [Double]) -> Double {
      func softmax(_ x: [Double]) -> [Double] {
        let powers = x.map { exp($0) }
        return powers.map { $0 / powers.reduce(0, +) }
      }
      let (z, t) = (logits.count == 1 ? [0] + logits : logits, logits.count == 1 ? [0] + teacher : teacher)
      let (p, q) = (softmax(t.map { $0 / temperature }), softmax(z.map { $0 / temperature }))
      let plain = softmax(z)
      let labels = z.indices.reduce(0.0) { sum, k in
        sum - ((k == label ? 1 - smoothing : 0) + smoothing / Double(z.count)) * log(plain[k])
      }
      return (1 - weight) * labels + weight * temperature * temperature * zip(p, q).reduce(0.0) { $0 + $1.0 * log($1.0 / $1.1) }
    }
  }

  @Test func lossAndGradientAreThoseOfPyTorch() throws {
    let cases = try Case.all()
    #expect(cases.count == 7)
    for entry in cases {
      let found = entry.evaluate()
      expectClose([found.loss], [entry.loss], Tolerance(relative: 1e-12), "\(entry)")
      expectClose(found.gradient, entry.gradient, Tolerance(absolute: 1e-7, relative: 2e-7), "\(entry)")
      let z = entry.logits.count == 1 ? [0] + entry.logits : entry.logits
      #expect(found.isRight == (z[entry.label] == z.max()))
    }
  }

  @Test func gradientIsThatOfTheClosedForm() throws {
    for entry in try Case.all() {
      let x = entry.logits.map(Double.init)
      let found = entry.evaluate()
      expectClose([found.loss], [entry.closedForm(at: x)], Tolerance(relative: 1e-11), "\(entry)")
      let slopes = x.indices.map { k in
        let step = 1e-5
        var (up, down) = (x, x)
        (up[k], down[k]) = (x[k] + step, x[k] - step)
        return (entry.closedForm(at: up) - entry.closedForm(at: down)) / (2 * step)
      }
      expectClose(found.gradient, slopes, Tolerance(absolute: 1e-6, relative: 1e-6), "\(entry)")
    }
  }

  private func gradients(_ graph: Graph, _ loss: (any Loss)?, width: Int, on data: any LabelledData) throws
    -> (loss: Double, gradients: [String: Tensor<Float>])
  {
    let recorder = Recorder()
    let trainer = try Trainer(
      graph, settings: quickSettings(rate: 0), seams: TrainingSeams(loss: loss, hooks: [recorder]), width: width)
    try trainer.run(on: data)
    return (recorder.losses[0], recorder.gradients[0])
  }

  /// The teacher answers the very images of a step, in shards of 4, 4 and 2, with its running statistics.
  @Test func gradientOfTheWholeLossIsTheTwins() throws {
    let (graph, teacher) = (TinyNetworks.residual(), TinyNetworks.inception(seed: 9))
    let data = TinyData(10)
    let loss = Distillation(from: Teacher(teacher), temperature: 3, weight: 0.7)
    let found = try gradients(graph, loss, width: 2, on: data)

    let whole = try data.shard(0..<10, epoch: 0)
    let images = ["input": whole.samples.map(Double.init)]
    let twin = Twin(graph, training: true)
    let values = twin.forward(images)
    let (z, t) = (values["output"]!, Twin(teacher).forward(images)["output"]!)
    // The cross-entropy of softened answers differs from the divergence by the answers' entropy.
    var (expected, seed) = crossEntropy(logits: z, targets: whole.labels.map { $0[0] })
    (expected, seed) = (0.3 * expected, seed.map { 0.3 * $0 })
    for sample in 0..<10 {
      func softened(_ x: Tensor<Double>) -> [Double] {
        let powers = (0..<4).map { exp(x[sample, $0] / 3) }
        return powers.map { $0 / powers.reduce(0, +) }
      }
      let (p, q) = (softened(t), softened(z))
      for k in 0..<4 {
        expected += 0.7 * 9 * p[k] * log(p[k] / q[k]) / 10
        seed[sample, k] += 0.7 * 3 * (q[k] - p[k]) / 10
      }
    }
    expectClose([found.loss], [expected], Tolerance(relative: 1e-5), "loss")
    let wanted = twin.backward(values: values, outputGradients: ["output": seed])
    for (name, gradient) in found.gradients {
      expectClose(gradient, wanted[name]!, Tolerance(absolute: 2e-6, relative: 2e-4), scaled: true, name)
    }
  }

  /// Of pixels too: central differences of the loss itself.
  @Test func gradientsOfPixelsAreThoseOfTheLoss() throws {
    let example = try LossTests.Example("pixels")
    var teacher = example.graph
    teacher = try teacher.replacingFloats { $0.hasSuffix("weight") ? $1.map { 0.7 * $0 + 0.05 } : $1 }
    var settings = quickSettings(batch: 7, shard: 3, rate: 0)
    settings.task = .segmentation
    let seams = { TrainingSeams(loss: Distillation(from: Teacher(teacher), temperature: 2, weight: 0.8), hooks: [$0]) }
    func loss(_ name: String?, _ entry: Int = 0, _ change: Float = 0) throws -> (Double, [String: Tensor<Float>]) {
      let recorder = Recorder()
      let trainer = try Trainer(example.graph, settings: settings, seams: seams(recorder), width: 1)
      if let name, var weight = trainer.latent(name) {
        weight.elements[entry] += change
        try trainer.setLatent(weight, of: name)
      }
      try trainer.run(on: example)
      return (recorder.losses[0], recorder.gradients[0])
    }
    let gradients = try loss(nil).1
    let greatest = gradients.values.flatMap(\.elements).map(abs).max() ?? 0
    for (name, gradient) in gradients.sorted(by: { $0.key < $1.key }) where name.hasSuffix("weight") {
      let entry = gradient.count / 2
      let step: Float = 4e-3
      let slope = (try loss(name, entry, step).0 - loss(name, entry, -step).0) / Double(2 * step)
      #expect(abs(slope - Double(gradient.elements[entry])) < 0.02 * Double(greatest), "\(name): \(slope)")
    }
  }

  /// Without weight the teacher does not count, to the bit; with it, workers do not.
  @Test func bitsAreThoseOfTheLossAlone() throws {
    let (graph, data) = (TinyNetworks.vgg(), TinyData(10))
    func taught(_ weight: Double, width: Int) throws -> (loss: Double, gradients: [String: Tensor<Float>]) {
      try gradients(
        graph, Distillation(from: Teacher(TinyNetworks.mobile(seed: 3)), weight: weight), width: width, on: data)
    }
    let (plain, unheard) = (try gradients(graph, nil, width: 2, on: data), try taught(0, width: 2))
    #expect(plain.gradients == unheard.gradients && plain.loss == unheard.loss)
    let one = try taught(0.9, width: 1)
    for width in [2, 3] {
      let more = try taught(0.9, width: width)
      #expect(one.gradients == more.gradients && one.loss == more.loss)
    }
    #expect(one.gradients != plain.gradients)
  }

  /// Taught by another network alone, it comes to answer as that one does, whatever the labels say.
  @Test func aStudentLearnsItsTeachersAnswers() throws {
    let teacher = TinyNetworks.vgg(seed: 5)
    let images = TinyNetworks.images(96, seed: 8)
    let logits = Twin(teacher).forward(["input": images.map(Double.init)])["output"]!
    let answers = (0..<96).map { sample in [(0..<4).max { logits[sample, $0] < logits[sample, $1] }!] }
    #expect(Set(answers.map { $0[0] }).count > 1)
    let wrong = TinyData(images: images, labels: answers.map { [($0[0] + 1) % 4] })
    let trainer = try Trainer(
      TinyNetworks.vgg(seed: 2), settings: quickSettings(epochs: 60, batch: 16, shard: 4, rate: 0.05),
      seams: TrainingSeams(loss: Distillation(from: Teacher(teacher), temperature: 2, weight: 1)), width: 2)
    try trainer.run(on: wrong)
    let found = try Evaluation.run(
      trainer.trainedGraph(), on: TinyData(images: images, labels: answers), scheduler: BlockScheduler(width: 2))
    #expect(found.top1 > 0.8, "\(found.top1)")
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let ten = try Architecture.named("lenet")
    for (teacher, words) in [
      (ten, ["lenet.onnx", "holds 10 for a sample", "4, as output 'output' of the network that is trained"]),
      (try Architecture.named("lenet", classes: 4), ["lenet.onnx", "takes samples of shape", "1×28×28"]),
    ] {
      let error = try #require(throws: EspalierError.self) {
        try Trainer(
          TinyNetworks.vgg(), settings: quickSettings(),
          seams: TrainingSeams(loss: Distillation(from: Teacher(teacher, name: "lenet.onnx"))), width: 1)
      }
      for word in words { #expect(error.description.contains(word), "\(error)") }
    }
    let blind = try TinyNetworks.vgg().replacingFloats { $0 == "fc2.weight" ? $1.map { _ in 3e38 } : $1 }
    let error = try #require(throws: EspalierError.self) {
      try gradients(TinyNetworks.vgg(), Distillation(from: Teacher(blind, name: "blind.onnx")), width: 1, on: TinyData(10))
    }
    #expect(error.description.contains("blind.onnx puts out "), "\(error)")
  }

  /// A run goes on from its own teacher's checkpoint alone.
  @Test func aRunWithAnotherTeacherIsAnother() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      func trainer(_ loss: Distillation?) throws -> Trainer {
        try Trainer(TinyNetworks.vgg(), settings: quickSettings(epochs: 2), seams: TrainingSeams(loss: loss), width: 1)
      }
      let teacher = Teacher(TinyNetworks.vgg(seed: 3))
      let first = try trainer(Distillation(from: teacher))
      try first.run(on: TinyData(10))
      try first.save(to: file)
      #expect(throws: Never.self) { try trainer(Distillation(from: teacher)).resume(from: file) }
      for other in [
        nil, Distillation(from: teacher, temperature: 3), Distillation(from: teacher, weight: 0.5),
        Distillation(from: teacher, labelSmoothing: 0.1), Distillation(from: Teacher(TinyNetworks.vgg(seed: 4))),
      ] { #expect(throws: EspalierError.self) { try trainer(other).resume(from: file) } }
    }
  }
}

extension Graph {
  fileprivate func replacingFloats(_ change: (String, Tensor<Float>) -> Tensor<Float>) throws -> Graph {
    var editor = GraphEditor(self)
    for (name, constant) in constants {
      if let tensor = constant.floats { editor.constants[name] = .float(change(name, tensor)) }
    }
    return try editor.graph()
  }
}
