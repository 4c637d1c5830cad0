import Compression
import Datasets
import Files
import Foundation
import Networks
import ONNX
import Tensors
import Training

/// Trains a network on a data set and writes it as ONNX.
public struct TrainingRun: Sendable {
  /// Which epoch's network is written.
  public enum Kept: String, Sendable, CaseIterable {
    /// The last one's.
    case last
    /// The one's with the greatest validation accuracy; without validation, the least loss.
    case best
  }

  /// How long and how, but for ``rate`` and ``clip``.
  public var settings: TrainingSettings
  /// The learning rate before any factor; nil for one that suits the optimiser and the network.
  public var rate: Double?
  /// The greatest norm of the gradients, 0 for no limit; nil for one that suits the network.
  public var clip: Double?
  /// Random changes of the images; nil for none.
  public var augmentation: Augmentation?
  /// What the network is evaluated with after every epoch, if anything.
  public var validation: DataSpec?
  /// The file to write.
  public var out: String
  /// The table of epochs; nil for `out` with `.csv`.
  public var history: String?
  /// Which epoch's network is written.
  public var kept: Kept
  /// What is learned from another network's answers; nil for labels alone.
  public var distillation: Distillation?
  /// What the record tells of how the settings came about, by the key.
  var chosen: [String: String] = [:]

  /// Makes a run.
  public init(
    settings: TrainingSettings, rate: Double? = nil, clip: Double? = nil, augmentation: Augmentation? = nil,
    validation: DataSpec? = nil, out: String, history: String? = nil, kept: Kept = .last
  ) {
    self.settings = settings
    self.rate = rate
    self.clip = clip
    self.kept = kept
    self.augmentation = augmentation
    self.validation = validation
    self.out = out
    self.history = history
  }

  /// What came of a run.
  public struct Report: Sendable {
    /// The last epoch; nil if there was none.
    public var lastEpoch: TrainingHistory.Epoch?
    /// The best epoch; nil if there was none.
    public var bestEpoch: TrainingHistory.Epoch?
    /// The epoch whose network was written; nil if there was none.
    public var writtenEpoch: TrainingHistory.Epoch?
    /// The table of epochs.
    public var history: String
  }

  /// Trains a named architecture from seeded weights.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func train(
    _ architecture: String, classes: Int?, input: [Int]?, on request: DataRequest, _ context: RunContext
  ) throws -> Report {
    try prepare(request)
    let (graph, data) = try TrainingRun.start(
      architecture, classes: classes, input: input, seed: settings.seed, on: request, note: context.note)
    return try run(graph, data, nil, context)
  }

  /// A named architecture with seeded weights, as many classes as the data have and images as they are, and the data for it.
  ///
  /// - Throws: `EspalierError` for a name that is not known, or data that cannot be read or do not fit.
  static func start(
    _ architecture: String, classes: Int?, input: [Int]?, seed: UInt64, on request: DataRequest, note: (String) -> Void
  ) throws -> (graph: Graph, data: PreparedData) {
    let known = request.preprocessing == nil && request.spec.isFashionMNIST ? Preprocessing.fashionMNIST : nil
    let data = try request.open()
    let fitted = try input ?? data.naturalInput(preprocessing: known ?? request.preprocessing.map { try Preprocessing(file: $0) })
    var editor = GraphEditor(
      try Architecture.named(
        architecture, classes: classes ?? data.values(0)?.count ?? data.classNames?.count ?? request.countOfClasses(),
        input: fitted, seed: seed))
    editor.metadata["espalier.architecture"] = architecture
    let graph = try editor.graph()
    return (graph, try PreparedData(request, for: graph, named: architecture, preprocessing: known, note: note))
  }

  /// Fine-tunes a network.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func tune(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> Report {
    try prepare(request, reading: model.files)
    return try run(model.graph, PreparedData(request, for: model, note: context.note), model, context)
  }

  private var historyPath: String { history ?? (out as NSString).deletingPathExtension + ".csv" }

  private func prepare(_ request: DataRequest, reading files: [String] = []) throws {
    for path in [out, historyPath] {
      try OutputPath.prepare(path, notReplacing: request.files + (validation.map { DataRequest($0).files } ?? []) + files)
    }
    try OutputPath.requireDistinct([out, historyPath])
  }

  /// - Parameter model: the file that training starts from; nil for a new network.
  private func run(_ graph: Graph, _ data: PreparedData, _ model: Model?, _ context: RunContext) throws -> Report {
    try data.requireLabels()
    var settings = settings(for: graph, note: context.note)
    settings.task = data.task
    let loader = Loader(
      data.dataset, preprocessing: data.preprocessing, batch: settings.shard, augmentation: augmentation, isShuffled: true,
      seed: settings.seed, task: data.task, others: data.others)
    let validationData = try validationData(data, for: graph, inputs: model?.inputs ?? [:], note: context.note)
    if let distillation { try TrainingRun.check(distillation.teacher, for: graph, output: model?.output, data) }
    let trainer = try Trainer(
      graph, output: model?.output, settings: settings, seams: TrainingSeams(loss: distillation), width: context.workers)
    trainer.cancellation = context.cancellation
    trainer.note = context.note
    trainer.job = try identity(data, validationData)
    let tuned = try job(for: graph, data, validationData)
    let checkpoint = URL(fileURLWithPath: out + ".checkpoint")
    Replacement.removeAbandoned(of: checkpoint.path)
    if FileManager.default.fileExists(atPath: checkpoint.path) {
      try trainer.resume(from: checkpoint)
      context.note("going on from \(checkpoint.path), after \(trainer.epoch) epochs and \(trainer.step) steps")
    }
    trainer.checkpoint = checkpoint
    trainer.historyFile = URL(fileURLWithPath: historyPath)
    trainer.progress = { step in
      let images = min(step.step * settings.batch, data.dataset.count)
      context.progress(
        RunProgress(
          activity: "epoch \(step.epoch)/\(step.epochs)", done: step.step == step.steps ? data.dataset.count : images,
          total: data.dataset.count, timeLeft: step.timeLeft,
          detail: String(format: "loss %.4f", step.loss)
            + (step.accuracy.map { String(format: "  accuracy %.2f %%", 100 * $0) } ?? "")))
    }
    do {
      try naming(file: "\(data.request.spec)") {
        try trainer.run(
          on: LabelledBatches(loader),
          validation: validationData.map { LabelledBatches($0.loader(batch: settings.shard, takesAnswers: true)) })
      }
    } catch let error as TrainingInterrupted {
      throw RunInterrupted(error.description)
    } catch let error as EspalierError where trainer.hasDiverged {
      // The same command would come to the same end.
      try? FileManager.default.removeItem(at: checkpoint)
      guard let best = trainer.best, let graph = try trainer.bestGraph() else { throw error }
      try write(graph, after: best.epoch, trainer, .best, data, model, tuned, context)
      throw EspalierError(
        "\(error.problem); \(out) is the network after epoch \(best.epoch.epoch), the best", file: error.file,
        location: error.location,
        accepted: error.accepted)
    }
    let written = kept == .best ? trainer.best?.epoch : trainer.history.epochs.last
    try write(
      kept == .best ? trainer.bestGraph() ?? trainer.trainedGraph() : trainer.trainedGraph(), after: written, trainer, kept,
      data, model, tuned, context)
    try? FileManager.default.removeItem(at: checkpoint)
    if let written, settings.task == .classification {
      noteChance(written, validationData?.dataset.count ?? data.dataset.count, trainer.classes, context)
    }
    return Report(
      lastEpoch: trainer.history.epochs.last, bestEpoch: trainer.best?.epoch, writtenEpoch: written, history: historyPath)
  }

  /// The images that the network is evaluated with after every epoch, prepared as those that it is trained on; nil for none.
  func validationData(
    _ data: PreparedData, for graph: Graph, inputs: [String: InputSource], note: (String) -> Void
  ) throws -> PreparedData? {
    try validation.map { spec in
      var request = data.request
      (request.spec, request.skip, request.limit, request.perClass) = (spec, 0, nil, nil)
      if case .folder = spec {} else { request.masks = nil }
      return try PreparedData(
        request, for: graph, named: "the network", inputs: inputs, preprocessing: data.preprocessing, note: note)
    }
  }

  /// All that a network tuned so depends on, beside the one that it is made of.
  func job(for graph: Graph, _ data: PreparedData, _ validation: PreparedData?) throws -> JobIdentity {
    let settings = settings(for: graph)
    var job = try identity(data, validation)
    job.add("epochs", settings.epochs)
    job.add("batch", settings.batch, default: 128)
    job.add("shard", settings.shard, default: TrainingSettings(epochs: 0, batch: settings.batch).shard)
    job.add("optimizer", settings.optimizer.description, default: SGD(nesterov: true).description)
    job.add("rate", settings.schedule)
    job.add("clip", settings.clip)
    job.add("weight-decay", settings.weightDecay, default: 5e-4)
    job.add("decay-all", settings.decaysAll, default: false)
    job.add("label-smoothing", settings.labelSmoothing, default: 0)
    job.add("batch-norm", settings.batchNormalization.rawValue, default: "whole-batch")
    job.add("task", data.task.rawValue, default: "classification")
    job.add("seed", settings.seed, default: 0)
    if let distillation {
      job.add(TrainingRun.teacherDigest, distillation.teacher?.digest)
      job.add("temperature", distillation.temperature, default: Distillation.usualTemperature)
      job.add("distil", distillation.weight, default: Distillation.usualWeight)
    }
    return job
  }

  /// Under which name a record tells of a teacher.
  static let teacherDigest = "teacher SHA-256"

  /// Refuses a teacher that does not answer as the network does, or wants images otherwise; none, if it is not known yet, passes.
  static func check(_ teacher: Teacher?, for graph: Graph, output: String?, _ data: PreparedData) throws {
    guard data.task != .regression else {
      throw EspalierError("only class scores are softened", location: "teacher", accepted: "labels that are classes")
    }
    guard let teacher else { return }
    try teacher.check(against: graph, output: output, data.task)
    guard data.holdsImages, let text = teacher.graph.metadata[Preprocessing.metadataKey] else { return }
    let own = try naming(file: teacher.name) { try Preprocessing(json: text).json }
    guard own == data.preprocessing.json else {
      throw EspalierError(
        "the teacher's images are prepared by \(own)", file: teacher.name,
        accepted: "\(data.preprocessing.json), as those of the network that is trained")
    }
  }

  /// What the run depends on beside network and settings.
  private func identity(_ data: PreparedData, _ validation: PreparedData?) throws -> JobIdentity {
    var job = JobIdentity("training")
    job.add("data", try data.dataset.digest())
    job.add("preprocessing", data.preprocessing.json)
    job.add("augmentation", augmentationText, default: "none")
    job.add("validation", try validation?.dataset.digest())
    job.add("kept", kept.rawValue, default: Kept.last.rawValue)
    job.add("espalier", Release.version)
    return job
  }

  private func noteChance(_ epoch: TrainingHistory.Epoch, _ images: Int, _ classes: Int, _ context: RunContext) {
    guard let accuracy = epoch.validationAccuracy ?? epoch.accuracy else { return }
    if let text = Chance.remark(accuracy, images: images, classes: ClassScores.labels(ofOutputs: classes)) {
      context.note("\(out): \(text); a smaller --rate, a --warm-up or more epochs may help")
    }
  }

  private func write(
    _ graph: Graph, after epoch: TrainingHistory.Epoch?, _ trainer: Trainer, _ kept: Kept, _ data: PreparedData,
    _ model: Model?, _ tuned: JobIdentity, _ context: RunContext
  ) throws {
    var tuned = tuned
    for (name, value) in chosen { tuned.add(name, value) }
    var editor = GraphEditor(graph)
    if data.holdsImages { editor.metadata[Preprocessing.metadataKey] = data.preprocessing.json }
    let before = editor.metadata[TrainingRecord.metadataKey].flatMap { TrainingRecord(json: $0) }
    editor.metadata[TrainingRecord.metadataKey] = try TrainingRecord(
      settings: trainer.settings.description, data: data.request.spec.description, dataDigest: data.dataset.digest(),
      augmentation: augmentationText, epoch: epoch?.epoch, network: model.map { Path.name(of: $0.path) },
      networkDigest: model?.digest,
      espalier: Release.version, before: before.map { [$0] }
    ).json
    if let model {
      try ChainRecord.adding(
        StepRecord(
          TuneStep.name, tuned, from: model.graph, digest: model.digest, to: editor.graph(), promise: .none,
          training: .init(
            trainer.settings, last: trainer.history.epochs.last, best: trainer.best?.epoch, kept: kept),
          espalier: Release.version), to: &editor.metadata)
    }
    if let notice = try editor.graph().restoringDeclaredBatch().writeONNX(to: out, producerVersion: Release.version) {
      context.note("\(out): \(notice)")
    }
  }

  var augmentationText: String {
    augmentation.map { "pad-crop \($0.padding)\($0.flips ? ", flip" : "")" } ?? "none"
  }
}

extension DataRequest {
  /// The number of classes, at least two, that all labels of the data are of; nil without labels.
  fileprivate func countOfClasses() throws -> Int? {
    let whole = try openWhole()
    let greatest = try (0..<whole.count).reduce(-1) { max($0, try whole.labels($1).max() ?? -1) }
    return greatest < 0 ? nil : max(2, greatest + 1)
  }
}

extension Subset {
  /// Channels, height and width of what the data give a network that is made for them; nil where images of any size are fitted to
  /// the network.
  fileprivate func naturalInput(preprocessing: Preprocessing?) throws -> [Int]? {
    switch try sample(0).content {
    case .tensor(let tensor): return tensor.shape.rank == 3 ? tensor.shape.dimensions : nil
    case .image(let image):
      guard preprocessing?.fixesSize ?? false || isOfOneSize else { return nil }
      let fitted = try (preprocessing ?? Preprocessing(channels: image.channels == 1 ? 1 : 3)).fitted(image)
      return [fitted.channels, fitted.height, fitted.width]
    }
  }
}

extension Preprocessing {
  /// Whether images of any size come out alike.
  fileprivate var fixesSize: Bool { if case .exact? = resize { true } else { crop != nil } }
}

extension DataSpec {
  fileprivate var isFashionMNIST: Bool { if case .fashionMNIST = self { true } else { false } }
}
