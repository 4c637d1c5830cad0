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

  /// Makes a step.
  public init(_ run: TrainingRun, on data: DataRequest) {
    self.run = run
    self.data = data
  }

  public var files: [String] { data.files + (run.validation.map { DataRequest($0).files } ?? []) }

  public func job(for origin: Model) throws -> JobIdentity {
    let data = try PreparedData(data, for: origin, note: { _ in })
    let validation = try run.validationData(data, for: origin.graph, inputs: origin.inputs, note: { _ in })
    return try run.job(for: origin.graph, data, validation)
  }

  public func check(_ origin: Model, isFirst: Bool) throws {
    try PreparedData(data, for: origin, note: { _ in }).requireLabels()
  }

  public func apply(_ input: StepInput, in place: StepPlace, origin: Model, _ context: RunContext) throws -> StepOutcome {
    var run = run
    // What was chosen for the network that the chain begins from stands in the step's identity.
    let chosen = run.settings(for: origin.graph, note: context.note)
    (run.rate, run.clip) = (chosen.schedule.base, chosen.clip ?? 0)
    (run.out, run.history) = (place.network, place.file("csv"))
    _ = try run.tune(try input.model(like: origin), on: data, context)
    guard let record = try ChainRecord(Graph(onnx: place.network).metadata).steps.last else {
      throw EspalierError("has no record of its tuning", file: place.network)
    }
    return StepOutcome(record)
  }
}
