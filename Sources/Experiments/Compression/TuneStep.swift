import Compression
import Datasets
import Networks
import ONNX
import Tensors
import Training

/// Trains the network on.
public struct TuneStep: MethodStep {
  public static let name = "tune"

  /// How; its file and its table are those of the step.
  public var run: TrainingRun
  /// The images.
  public var data: DataRequest
  /// How epochs follow what the chain has saved.
  public var scaling = EpochScaling()
  /// Whose answers are learned beside labels; nil for labels alone.
  public var teaching: Teaching?

  /// Makes a step.
  public init(_ run: TrainingRun, on data: DataRequest) {
    self.run = run
    self.data = data
  }

  public var files: [String] {
    data.files + (run.validation.map { DataRequest($0).files } ?? []) + [teaching?.file].compactMap { $0 }
  }

  public func job(for origin: Model) throws -> JobIdentity {
    let data = try PreparedData(data, for: origin, note: { _ in })
    let validation = try run.validationData(data, for: origin.graph, inputs: origin.inputs, note: { _ in })
    var job = try run.job(for: origin.graph, data, validation)
    for (name, value) in chosen { job.add(name, value) }
    if let teaching {
      if teaching.file != nil { job.add(TrainingRun.teacherDigest, try teaching.known(origin)?.digest) }
      job.add("temperature", teaching.temperature, default: Distillation.usualTemperature)
      job.add("distil", teaching.weight, default: Distillation.usualWeight)
    }
    return job
  }

  /// What follows from the chain, by its key: the number of epochs does, and is none of the step's.
  var chosen: [String: String] {
    var chosen: [String: String] = [:]
    if scaling.measure != .none { chosen["scale-epochs"] = scaling.measure.rawValue }
    if let most = scaling.most { chosen["most-epochs"] = "\(most)" }
    if let teaching, teaching.file == nil { chosen["teacher"] = "\(teaching.source)" }
    return chosen
  }

  public func check(_ origin: Model, isFirst: Bool) throws {
    let data = try PreparedData(data, for: origin, note: { _ in })
    try data.requireLabels()
    guard let teaching else { return }
    try TrainingRun.check(teaching.known(origin), for: origin.graph, output: origin.output, data)
  }

  public func apply(_ input: StepInput, in place: StepPlace, origin: Model, _ context: RunContext) throws -> StepOutcome {
    var run = run
    // What was chosen for the network that the chain begins from stands in the step's identity.
    let chosen = run.settings(for: origin.graph, note: context.note)
    (run.rate, run.clip) = (chosen.schedule.base, chosen.clip ?? 0)
    let current = try input.model(like: origin)
    run.settings = try scaling.scaled(run.settings, from: origin.graph, to: current.graph)
    if scaling.measure != .none {
      context.note(
        "tuning for \(run.settings.epochs.of("epoch")): \(self.run.settings.epochs), scaled by the MACs that were saved")
    }
    run.chosen = self.chosen
    run.distillation = try teaching?.loss(input, origin, run.settings)
    (run.out, run.history) = (place.network, place.file("csv"))
    _ = try run.tune(current, on: data, context)
    guard let record = try ChainRecord(Graph(onnx: place.network).metadata).steps.last else {
      throw EspalierError("has no record of its tuning", file: place.network)
    }
    return StepOutcome(record)
  }
}
