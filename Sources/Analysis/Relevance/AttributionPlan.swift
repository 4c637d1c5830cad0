import Engine
import Networks
import Tensors

/// An attributor's passes, compiled for shards of a fixed size: read-only, shared by all workers.
public final class AttributionPlan: Sendable {
  enum Passes: Sendable {
    case relevance(RelevancePlan)
    case outputs(OutputPlan)
    case featureMaps(FeatureMapPlan)

    var compiled: CompiledPass {
      switch self {
      case .relevance(let plan): plan.pass
      case .outputs(let plan): plan.pass
      case .featureMaps(let plan): plan.pass
      }
    }
  }

  /// The outer loop.
  public let attributor: any Attributor
  /// The layers in execution order: every convolution and linear layer, or the one whose feature maps are observed, or none.
  public let sites: [LayerSite]
  /// The products of attention with values, whose channels are heads, in execution order; only for lrp.
  public let heads: [LayerSite]
  /// The layers of which it is told what they conserve; empty unless it was asked for.
  public let conservation: [ConservationSite]
  /// The rules, as files tell them.
  public let composite: String
  let passes: Passes
  let search: NonFiniteSearch

  /// Compiles an attributor's passes.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - attributor: the outer loop.
  ///   - composite: the rules; nil for the attributor's own.
  ///   - start: what relevance starts from.
  ///   - batch: the number of images in a shard.
  ///   - outputName: the output that is explained, the first if nil; a final Softmax or LogSoftmax is left out.
  ///   - details: what is found out beside relevance, and where it starts; only for lrp.
  /// - Throws: `EspalierError` naming the layer that a rule does not fit or that there is not.
  public init(
    _ graph: Graph, attributor: any Attributor, composite: Composite? = nil, start: RelevanceStart = .oneHot, batch: Int,
    output outputName: String? = nil, details: RelevanceDetails = RelevanceDetails()
  ) throws {
    self.attributor = attributor
    if details != RelevanceDetails(), !(attributor is LRPAttributor) {
      throw EspalierError(
        "attributor '\(type(of: attributor).name)' tells neither conservation nor most relevant images, and starts at the output",
        accepted: "--attributor \(LRPAttributor.name)")
    }
    let composite = try composite ?? CompositeCatalog.composite(type(of: attributor).composite)
    self.composite = composite.description
    search = NonFiniteSearch(graph: graph, output: outputName, composite: composite, start: start)
    switch attributor.passes {
    case .relevance:
      let plan = try RelevancePlan(
        graph, composite: composite, start: start, batch: batch, output: outputName, details: details)
      passes = .relevance(plan)
      conservation = plan.conservation
      sites = plan.sites
      heads = attributor is LRPAttributor ? plan.heads : []
    case .outputs:
      conservation = []
      passes = .outputs(try OutputPlan(graph, batch: batch, output: outputName))
      (sites, heads) = ([], [])
    case .featureMaps(let site):
      let plan = try FeatureMapPlan(graph, site: site, composite: composite, start: start, batch: batch, output: outputName)
      conservation = []
      passes = .featureMaps(plan)
      (sites, heads) = ([plan.site], [])
    }
  }

  /// The number of images in a shard.
  public var batch: Int { passes.compiled.plan.batch }

  /// The bytes that a worker's buffers take.
  public var bytesPerWorker: Int { passes.compiled.bytesPerWorker }

  /// What the output holds of one image.
  public var form: OutputForm { passes.compiled.scores }

  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public var skippedHead: String? { passes.compiled.skippedHead }

  /// Whether relevance goes back to the input by the composite.
  var isPropagated: Bool { if case .relevance = passes { true } else { false } }
}
