import Datasets
import Files
import Foundation
import Networks
import ONNX
import Tensors
import Training

/// Trains a network on a data set and writes it as ONNX.
public struct TrainingRun: Sendable {
  /// How long and how.
  public var settings: TrainingSettings
  /// Random changes of the pictures; nil for none.
  public var augmentation: Augmentation?
  /// What the network is evaluated with after every epoch, if anything.
  public var validation: DataSpec?
  /// The file to write.
  public var out: String
  /// The table of epochs; nil for `out` with `.csv`.
  public var history: String?

  /// Makes a run.
  public init(
    settings: TrainingSettings, augmentation: Augmentation? = nil, validation: DataSpec? = nil, out: String,
    history: String? = nil
  ) {
    self.settings = settings
    self.augmentation = augmentation
    self.validation = validation
    self.out = out
    self.history = history
  }

  /// What came of a run.
  public struct Report: Sendable {
    /// The last epoch; nil if there was none.
    public var lastEpoch: TrainingHistory.Epoch?
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
    let known = request.preprocessing == nil && request.spec.isFashionMNIST ? Preprocessing.fashionMNIST : nil
    let classNames = try request.open().classNames
    var editor = GraphEditor(
      try Architecture.named(architecture, classes: classes ?? classNames?.count, input: input, seed: settings.seed))
    editor.metadata["espalier.architecture"] = architecture
    let graph = try editor.graph()
    return try run(
      graph, PreparedData(request, for: graph, named: architecture, preprocessing: known, note: context.note), context)
  }

  /// Fine-tunes a network.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func tune(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> Report {
    try prepare(request, reading: model.files)
    return try run(model.graph, PreparedData(request, for: model, note: context.note), context)
  }

  private var historyPath: String { history ?? (out as NSString).deletingPathExtension + ".csv" }

  private func prepare(_ request: DataRequest, reading files: [String] = []) throws {
    for path in [out, historyPath] {
      try OutputPath.prepare(path, notReplacing: request.files + (validation.map { DataRequest($0).files } ?? []) + files)
    }
    try OutputPath.requireDistinct([out, historyPath])
  }

  private func run(_ graph: Graph, _ data: PreparedData, _ context: RunContext) throws -> Report {
    try data.requireLabels()
    let loader = Loader(
      data.dataset, preprocessing: data.preprocessing, batch: settings.shard, augmentation: augmentation, isShuffled: true,
      seed: settings.seed)
    let validationData = try validation.map { spec in
      var request = data.request
      (request.spec, request.limit, request.perClass) = (spec, nil, nil)
      return try PreparedData(request, for: graph, named: "the network", preprocessing: data.preprocessing, note: context.note)
    }
    let trainer = try Trainer(graph, settings: settings, width: context.workers)
    trainer.cancellation = context.cancellation
    let checkpoint = URL(fileURLWithPath: out + ".checkpoint")
    Replacement.removeAbandoned(of: checkpoint.path)
    if FileManager.default.fileExists(atPath: checkpoint.path) {
      try trainer.resume(from: checkpoint)
      context.note("going on from \(checkpoint.path), after \(trainer.epoch) epochs and \(trainer.step) steps")
    }
    trainer.checkpoint = checkpoint
    trainer.historyFile = URL(fileURLWithPath: historyPath)
    trainer.progress = { step in
      let pictures = min(step.step * settings.batch, data.dataset.count)
      context.progress(
        RunProgress(
          activity: "epoch \(step.epoch)/\(step.epochs)", done: step.step == step.steps ? data.dataset.count : pictures,
          total: data.dataset.count, timeLeft: step.timeLeft,
          detail: String(format: "loss %.4f  accuracy %.2f %%", step.loss, 100 * step.accuracy)))
    }
    do {
      try naming(file: "\(data.request.spec)") {
        try trainer.run(
          on: LabelledBatches(loader), validation: validationData.map { LabelledBatches($0.loader(batch: settings.shard)) })
      }
    } catch let error as TrainingInterrupted {
      throw RunInterrupted(error.description)
    }
    var editor = GraphEditor(try trainer.trainedGraph().restoringDeclaredBatch())
    if data.holdsPictures { editor.metadata[Preprocessing.metadataKey] = data.preprocessing.json }
    editor.metadata["espalier.training"] = try provenance(data)
    try editor.graph().writeONNX(to: out, producerVersion: Release.version)
    try? FileManager.default.removeItem(at: checkpoint)
    return Report(lastEpoch: trainer.history.epochs.last, history: historyPath)
  }

  private func provenance(_ data: PreparedData) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let fields = [
      "settings": settings.description, "data": data.request.spec.description, "data_sha256": try data.dataset.digest(),
      "augmentation": augmentation.map { "pad-crop \($0.padding)\($0.flips ? ", flip" : "")" } ?? "none",
      "espalier": Release.version,
    ]
    return String(decoding: try encoder.encode(fields), as: UTF8.self)
  }
}

extension DataSpec {
  fileprivate var isFashionMNIST: Bool { if case .fashionMNIST = self { true } else { false } }
}
