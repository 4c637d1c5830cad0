import Engine
import Networks
import Tensors

/// What a pass over images computes.
public struct AnalysisRequest: Sendable {
  /// The positions that are observed.
  public var sites: SiteRequest
  /// The moments at which they are.
  public var phases: Set<Phase>
  /// The rules of the relevance phase.
  public var composite: Composite?
  /// What relevance starts from.
  public var start: RelevanceStart
  /// The number of images in a shard.
  public var batch: Int
  /// The output that loss and relevance start from; the first if nil.
  public var output: String?
  /// Whether feature maps stay until the shard ends, so that another worker may observe them.
  public var keepsMaps: Bool

  /// Makes a request.
  public init(
    sites: SiteRequest = SiteRequest(), phases: Set<Phase> = [.forward], composite: Composite? = nil,
    start: RelevanceStart = .oneHot, batch: Int, output: String? = nil, keepsMaps: Bool = false
  ) {
    self.sites = sites
    self.phases = phases
    self.composite = composite
    self.start = start
    self.batch = batch
    self.output = output
    self.keepsMaps = keepsMaps
  }
}

/// A pass compiled for shards of a fixed size, with observers at every site: read-only, shared by all workers.
///
/// One forward pass serves all phases; the gradient is that of each image's own cross-entropy, −log softmax at its target,
/// not divided by the number of images.
public final class AnalysisPlan: Sendable {
  /// The sites, in execution order.
  public let sites: [Site]
  /// The number of classes that labels are of; nil in a plan of the forward phase alone, which asks for none.
  public var classes: Int? { form.map { ClassScores.labels(ofOutputs: $0.classes) } }
  /// What the output holds of one image; nil in a plan of the forward phase alone.
  public var form: OutputForm? { pass.targets?.form }
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public var skippedHead: String? { pass.skippedHead }
  /// The bytes that a worker's buffers take.
  public var bytesPerWorker: Int { pass.bytesPerWorker }
  /// What was asked for.
  public let request: AnalysisRequest

  /// Whether feature maps stay as they are until their shard ends.
  public var keepsMaps: Bool { request.keepsMaps && request.phases == [.forward] }

  /// What is run.
  let pass: CompiledPass
  /// The tap of every site in every phase.
  let taps: [Phase: [Int: Int]]

  /// Compiles a pass.
  ///
  /// - Parameter graph: the network as read.
  /// - Throws: `EspalierError` naming the layer that cannot be run, or the pattern that matches none.
  public init(_ graph: Graph, _ request: AnalysisRequest) throws {
    // What is only observed on the way needs no class scores at the end.
    let isReversed = request.phases != [.forward]
    let compiler = try PassCompiler(graph, output: request.output, batch: request.batch, needsScores: isReversed)
    let (network, builder) = (compiler.network, compiler.builder)
    let sites = try request.sites.sites(in: network, of: graph, facts: builder.facts, images: builder.images)
    guard !sites.isEmpty else {
      throw EspalierError("the network has no \(request.sites.kind.rawValue) site", accepted: "--site linear")
    }
    let output = compiler.output
    let values = Dictionary(sites.enumerated().map { ($0.element.value, [$0.offset]) }, uniquingKeysWith: +)
    let relevance = try request.composite.map { try RelevancePass(network, composite: $0, builder) }

    var taps: [Phase: [Int: Int]] = [:]
    var isSeen: [Phase: Set<String>] = [:]
    func observe(_ phase: Phase, at value: String, _ companion: Slot?) throws {
      guard let positions = values[value], isSeen[phase, default: []].insert(value).inserted else { return }
      let slot = try builder.slot(of: value)
      var activation = slot
      for position in positions {
        activation = sites[position].hasTokens ? try builder.channelsSecond(slot, like: value) : slot
        let label = "\(phase.rawValue) at '\(sites[position].title)'"
        if let companion {
          let own = sites[position].hasTokens ? try builder.channelsSecond(companion, like: value) : companion
          let aligned = try builder.reorder(own, to: builder.layout(activation))
          taps[phase, default: [:]][position] = builder.observe(activation, aligned, label: label)
        } else {
          taps[phase, default: [:]][position] = builder.observe(activation, label: label)
        }
      }
      if request.keepsMaps { builder.pin(activation) }
    }

    let watched = Set(values.keys)
    let kept = (relevance?.keptValues() ?? []).union(isReversed || request.keepsMaps ? watched : [])
    try builder.forward(keeping: kept, watching: watched, isDifferentiable: isReversed) { value, _ in
      if request.phases.contains(.forward) { try observe(.forward, at: value, nil) }
    }
    func back(_ phase: Phase, from seed: Slot, rule: (Node, [Slot?], [Bool]) throws -> [Slot?]) throws {
      if values[output] != nil { try observe(phase, at: output, seed) }
      let arrived = try builder.reverse(from: [output: seed], to: watched) { node, arriving, wanted in
        for (value, slot) in zip(node.outputs, arriving) { if let slot { try observe(phase, at: value, slot) } }
        return try rule(node, arriving, wanted)
      }
      // The sites that nothing before them asked for end the walk.
      for site in sites { if let slot = arrived[site.value] { try observe(phase, at: site.value, slot) } }
    }
    if request.phases.contains(.gradient) {
      try back(.gradient, from: compiler.seed(.lossGradient)) { try builder.vectorJacobianProduct($0, $1, wanted: $2) }
    }
    if request.phases.contains(.relevance) {
      guard let relevance else { preconditionFailure("a relevance phase without composite") }
      try back(.relevance, from: compiler.seed(.relevance(request.start)), rule: relevance.cross)
    }
    pass = compiler.finish()
    self.sites = sites
    self.taps = taps
    self.request = request
  }
}
