import Datasets
import Foundation
import Networks
import ONNX
import Scheduling
import TestSupport
import Tensors
import Testing
import Training

/// Losses of pixels and of numbers against PyTorch, and their measures (`Tests/Peers/make_losses.py`).
@Suite struct LossTests {
  /// A network, its data and what PyTorch makes of them.
  struct Example: LabelledData, @unchecked Sendable {
    let task: LearningTask
    let graph: Graph
    let x: Tensor<Float>
    let labels: [Int32]
    let values: Tensor<Double>?
    let golden: [String: Any]

    init(_ name: String) throws {
      let json = try JSONSerialization.jsonObject(with: Data(contentsOf: testResource("losses/losses.json")))
      golden = try #require((json as? [String: Any])?[name] as? [String: Any])
      graph = try Graph(onnx: testResource("losses/\(name).onnx").path)
      x = try Example.tensor(golden["x"]).map(Float.init)
      labels = (golden["labels"] as? [Int] ?? []).map(Int32.init)
      values = try golden["values"].map { try Example.tensor($0) }
      task = name == "numbers" ? .regression : .segmentation
    }

    static func tensor(_ object: Any?) throws -> Tensor<Double> {
      let fields = try #require(object as? [String: Any])
      return Tensor(try #require(fields["data"] as? [Double]), shape: Shape(try #require(fields["shape"] as? [Int])))
    }

    var count: Int { x.shape[0] }

    func shard(_ positions: Range<Int>, epoch: Int) throws -> LabelledShard {
      let area = labels.count / count
      return LabelledShard(
        samples: x.rows(positions), labels: positions.map { _ in [] },
        positions: labels.isEmpty ? [] : positions.map { Array(labels[$0 * area..<($0 + 1) * area]) },
        values: values.map { values in positions.map { values.rows($0..<$0 + 1).elements.map(Float.init) } } ?? [],
        indices: Array(positions))
    }
  }

  /// Of the whole batch, though it is cut in shards of 3, 3 and 1 whose numbers of labelled positions differ.
  @Test(arguments: ["pixels", "mask", "steps", "numbers"], [0.0, 0.1]) func gradientsAreThoseOfPyTorch(
    name: String, smoothing: Double
  ) throws {
    let example = try Example(name)
    guard let wanted = example.golden["gradients \(smoothing)"] as? [String: Any] else { return }
    var settings = quickSettings(batch: 7, shard: 3, rate: 0, smoothing: smoothing)
    settings.task = example.task
    let recorder = Recorder()
    let trainer = try Trainer(example.graph, settings: settings, seams: TrainingSeams(hooks: [recorder]), width: 2)
    try trainer.run(on: example)
    let loss = try #require(example.golden["loss \(smoothing)"] as? Double)
    expectClose([recorder.losses[0]], [loss], Tolerance(relative: 1e-5), "loss")
    #expect(trainer.history.epochs[0].loss == recorder.losses[0])
    #expect(trainer.parameterNames.count == wanted.count)
    for (parameter, gradient) in wanted {
      expectClose(
        try #require(recorder.gradients[0][parameter]), try Example.tensor(gradient), Tolerance(absolute: 2e-6, relative: 2e-4),
        scaled: true, "\(name): \(parameter)")
    }
  }

  /// Of central differences of the loss itself, at some entries of every weight.
  @Test(arguments: ["pixels", "numbers"]) func gradientsAreThoseOfTheLoss(name: String) throws {
    let example = try Example(name)
    var settings = quickSettings(batch: 7, shard: 3, rate: 0)
    settings.task = example.task
    func loss(_ name: String?, _ entry: Int = 0, _ change: Float = 0) throws -> (Double, [String: Tensor<Float>]) {
      let recorder = Recorder()
      let trainer = try Trainer(example.graph, settings: settings, seams: TrainingSeams(hooks: [recorder]), width: 1)
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

  @Test(arguments: [1, 3]) func measuresAreThoseOfTheConfusionMatrix(width: Int) throws {
    for name in ["pixels", "mask", "steps", "numbers"] {
      let example = try Example(name)
      let found = try Evaluation.run(
        example.graph, task: example.task, on: example, shard: 2, scheduler: BlockScheduler(width: width))
      let measures = try #require(example.golden["measures"] as? [Double])
      if name == "numbers" {
        let errors = try #require(found.errors)
        expectClose(
          [errors.meanSquaredError, errors.meanAbsoluteError, errors.r2, found.loss], measures + [measures[0]],
          Tolerance(relative: 1e-5), name)
        #expect(found.accuracy == nil && found.confusion == nil)
        continue
      }
      let confusion = try #require(found.confusion)
      let classes = confusion.classes
      var counts: [Int] = []
      for row in 0..<classes { counts += confusion.counts[row * (classes + 1)..<row * (classes + 1) + classes] }
      let wanted = try #require(example.golden["confusion"] as? [Int])
      #expect(counts == wanted, "\(name)")
      expectClose([confusion.accuracy, confusion.meanIoU, found.loss], measures, Tolerance(relative: 1e-5), name)
      #expect(found.top1 == confusion.accuracy)
      let iou = try #require(example.golden["iou"] as? [Any]).map { $0 as? Double }
      #expect(iou.map { $0 == nil } == confusion.iou.map { $0 == nil }, "\(name)")
      expectClose(confusion.iou.compactMap { $0 }, iou.compactMap { $0 }, Tolerance(relative: 1e-6), name)
    }
  }

  /// A run over pixels that was stopped in an epoch goes on to the same bits, though more labels are right than there are samples.
  @Test(arguments: ["pixels", "numbers"]) func goesOnAfterBeingStopped(name: String) throws {
    let example = try Example(name)
    var settings = quickSettings(epochs: 2, batch: 3, shard: 2)
    settings.task = example.task
    let whole = try Trainer(example.graph, settings: settings, width: 1)
    try whole.run(on: example, validation: example)
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.h5")
      let first = try Trainer(example.graph, settings: settings, width: 1)
      first.checkpoint = file
      first.progress = { [unowned first] _ in if first.totalSteps == 3 { first.cancellation.cancel() } }
      #expect(throws: TrainingInterrupted.self) { try first.run(on: example, validation: example) }
      let second = try Trainer(example.graph, settings: settings, width: 1)
      try second.resume(from: file)
      try second.run(on: example, validation: example)
      #expect(try second.trainedGraph().floatConstants == whole.trainedGraph().floatConstants)
      #expect(second.history.epochs.map(\.loss) == whole.history.epochs.map(\.loss))
      #expect(second.history.epochs.map(\.validationLoss) == whole.history.epochs.map(\.validationLoss))
    }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let example = try Example("pixels")
    struct Changed: LabelledData {
      let example: Example
      let change: @Sendable (inout LabelledShard) -> Void
      var count: Int { example.count }
      func shard(_ positions: Range<Int>, epoch: Int) throws -> LabelledShard {
        var shard = try example.shard(positions, epoch: epoch)
        change(&shard)
        return shard
      }
    }
    for (text, change) in [
      ("it has classes of 3 positions", { @Sendable (shard: inout LabelledShard) in shard.positions[0] = [0, 1, 2] }),
      ("its class 9 is none", { @Sendable shard in shard.positions[0][5] = 9 }),
    ] {
      let error = try #require(throws: EspalierError.self) {
        try Evaluation.run(
          example.graph, task: .segmentation, on: Changed(example: example, change: change), scheduler: BlockScheduler(width: 1))
      }
      #expect(error.description.contains(text) && error.description.contains("sample 0"), "\(error)")
    }
  }
}
