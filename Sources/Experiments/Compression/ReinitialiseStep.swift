import Analysis
import Compression
import Networks
import ONNX
import Tensors

/// Draws every trained constant of the network anew, so that what comes behind trains it from scratch.
public struct ReinitialiseStep: MethodStep {
  public static let name = "reinitialise"

  /// What the step takes on the command line and in files.
  static let keys = [StepKey("seed", "the seed of the weights (--seed)")]

  /// The seed of the weights.
  public var seed: UInt64

  /// Makes a step.
  public init(seed: UInt64) { self.seed = seed }

  init(_ list: inout ParameterList, _ defaults: StepDefaults) throws {
    seed = UInt64(try list.integer("seed", default: Int(clamping: defaults.seed), in: 0 ... .max))
  }

  public var files: [String] { [] }

  public func job(for origin: Model) throws -> JobIdentity {
    var job = JobIdentity(ReinitialiseStep.name)
    job.add("seed", seed, default: 0)
    return job
  }

  public func check(_ origin: Model, isFirst: Bool) throws {
    _ = try naming(file: origin.path) { try origin.graph.reinitialised(seed: seed) }
  }

  public func apply(_ input: StepInput, in place: StepPlace, origin: Model, _ context: RunContext) throws -> StepOutcome {
    let current = try input.model(like: origin)
    let graph = try naming(file: origin.path) { try current.graph.reinitialised(seed: seed) }
    var editor = GraphEditor(graph)
    // Nothing is left of that training.
    editor.metadata[TrainingRecord.metadataKey] = nil
    let hasNorm = graph.nodes.contains { $0.op.role == .normalization || $0.op.role == .layerNormalization }
    let record = try StepRecord(
      ReinitialiseStep.name, job(for: origin), from: current.graph, digest: input.digest, to: graph, promise: .none,
      notes: hasNorm ? [] : ["the network has no norm: how well it trains anew depends on the scale of its first weights"],
      espalier: Release.version)
    try ChainRecord.adding(record, to: &editor.metadata)
    if let notice = try editor.graph().restoringDeclaredBatch().writeONNX(to: place.network, producerVersion: Release.version) {
      context.note("\(place.network): \(notice)")
    }
    return StepOutcome(record)
  }
}
