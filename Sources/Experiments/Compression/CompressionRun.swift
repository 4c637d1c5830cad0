import Compression
import Datasets
import Networks
import Tensors

/// Compresses a network by a chain of steps.
public struct CompressionRun: Sendable {
  /// The steps.
  public var steps: [any MethodStep]
  /// The images that networks are measured on; not measured if nil.
  public var validation: DataRequest?
  /// The images that a worker takes at a time.
  public var batch: Int
  /// The images of a pass whose time is measured; nil for no measurement.
  public var latencyBatch: Int?
  /// A folder of steps that other chains may share; nil for one beside the result that goes with its end.
  public var store: String?
  /// The file to write.
  public var out: String

  /// Makes a run.
  public init(
    _ steps: [any MethodStep], validation: DataRequest? = nil, batch: Int = 32, latencyBatch: Int? = 1, store: String? = nil,
    out: String
  ) {
    self.steps = steps
    self.validation = validation
    self.batch = batch
    self.latencyBatch = latencyBatch
    self.store = store
    self.out = out
  }

  /// Compresses and writes, or goes on where a run that begins alike was stopped.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, _ context: RunContext) throws -> CompressionReport {
    let outcome = try ChainRun(
      steps: steps, validation: validation, batch: batch, store: store.map { .folder($0) } ?? .besideResult, out: out
    ).run(model, context)
    let final = outcome.networks[outcome.networks.count - 1]
    let timed = try latencyBatch.map { try LatencyMeter.profile([model.graph, final], batch: $0) }
    return CompressionReport(
      steps: outcome.records, networks: try NetworkComparison(model.graph, final), latency: timed?.0, profile: timed?.1,
      notes: outcome.notes)
  }
}

/// What a chain made of a network.
public struct CompressionReport: Sendable, Encodable {
  /// The steps of this chain, in their order.
  public var steps: [StepRecord]
  /// The network before and after, layer by layer.
  public var networks: NetworkComparison
  /// The time of a forward pass before and after; nil if it was not measured.
  public var latency: [Latency]?
  /// Where that time goes.
  public var profile: LatencyProfile?
  /// What a reader of the results must know.
  public var notes: [String]
}
