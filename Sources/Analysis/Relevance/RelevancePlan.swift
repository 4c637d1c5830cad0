import Engine
import Networks
import Tensors

/// What the relevance starts from at the target's output.
public enum RelevanceStart: String, Hashable, Sendable, CaseIterable {
  /// The target's own numbers: 1 for a class.
  case oneHot = "one-hot"
  /// Their products with the outputs.
  case logit
}

/// What a relevance pass finds out beside relevance, and where it starts.
public struct RelevanceDetails: Hashable, Sendable {
  /// Whether it tells what every layer conserves, ``ConservationTerm``.
  public var conservation: Bool
  /// Whether it tells the greatest activation of every filter.
  public var maxima: Bool
  /// The filters from which it starts; nil for the output.
  public var origin: RelevanceOrigin?

  /// Makes a choice.
  public init(conservation: Bool = false, maxima: Bool = false, origin: RelevanceOrigin? = nil) {
    self.conservation = conservation
    self.maxima = maxima
    self.origin = origin
  }
}

/// A forward pass and a relevance pass behind it, compiled for shards of a fixed size: read-only, shared by all workers.
public final class RelevancePlan: Sendable {
  /// The layers, in execution order.
  public let sites: [LayerSite]
  /// The products of attention with values whose relevance is taken head by head, in execution order; channels are heads.
  public let heads: [LayerSite]
  /// The nodes that relevance crosses, in execution order, if it was asked for what they conserve.
  public let conservation: [ConservationSite]
  /// What the output holds of one image.
  public var form: OutputForm { pass.scores }
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public var skippedHead: String? { pass.skippedHead }

  /// What is run.
  package let pass: CompiledPass
  /// The taps on relevance at ``sites`` and at ``heads``.
  let siteTaps: [Int], headTaps: [Int]
  /// The taps on activations at ``sites``; empty where none are asked for.
  let activationTaps: [Int?]
  let arrival = "relevance at the input"
  let conservationTaps: [ConservationTap]

  /// Compiles a relevance pass.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - composite: the rules.
  ///   - start: what relevance starts from.
  ///   - batch: the number of images in a shard.
  ///   - outputName: the output that is explained, the first if nil; a final Softmax or LogSoftmax is left out.
  ///   - details: what is found out beside relevance, and where it starts.
  /// - Throws: `EspalierError` naming the layer that a rule does not fit.
  public init(
    _ graph: Graph, composite: Composite, start: RelevanceStart = .oneHot, batch: Int, output outputName: String? = nil,
    details: RelevanceDetails = RelevanceDetails()
  ) throws {
    let compiler = try PassCompiler(graph, output: outputName, batch: batch)
    let (network, builder, input, output) = (compiler.network, compiler.builder, compiler.input, compiler.output)
    let relevance = try RelevancePass(network, composite: composite, builder, recordsConservation: details.conservation)
    let origin = try details.origin?.node(in: network, of: graph, facts: builder.facts)
    var kept = relevance.keptValues()
    let linear = network.linearLayers.map(\.node)
    if details.maxima { kept.formUnion(linear.map { $0.outputs[0] }) }
    if let origin { kept.insert(origin.outputs[0]) }
    try builder.forward(keeping: kept, isDifferentiable: true)
    var activations: [Int: Int] = [:]
    if details.maxima {
      for node in linear where builder.isComputed(node.outputs[0]) {
        let shown = relevance.channelsSecond(try builder.slot(of: node.outputs[0]), of: node)
        activations[node.id] = builder.observe(shown, label: node.label)
      }
    }
    let seed = try compiler.seed(.relevance(start))
    var seeds = [output: seed]
    if let origin, let choice = details.origin {
      let value = origin.outputs[0]
      var whole: Slot? = try builder.slot(of: value)
      if choice.seed == .relevance {
        whole = value == output ? seed : try builder.reverse(from: seeds, to: [value], rule: relevance.cross)[value]
      }
      guard let whole else {
        throw EspalierError("the output '\(output)' does not depend on layer '\(choice.layer)'", location: "--from")
      }
      let isLast = builder.layout(whole).shape.rank > 2 && network.hasTokens(value)
      seeds = [value: try builder.appendMask(of: whole, channels: choice.channels, isLast: isLast)]
    }
    let arriving = try builder.reverse(from: seeds, to: [input], rule: relevance.cross)
    guard let slot = arriving[input] else { throw EspalierError("no relevance of its output reaches its input '\(input)'") }
    try compiler.keep(slot, shapedAs: input, as: arrival)
    pass = compiler.finish()

    let layers = Dictionary(uniqueKeysWithValues: graph.layers.map { ($0.id, $0) })
    let seen = try network.nodes.compactMap { node -> (site: LayerSite, tap: Int, activation: Int?)? in
      guard let tap = relevance.taps[node.id], let layer = layers[node.id] else { return nil }
      let hasTokens = try builder.shape(of: node.outputs[0]).rank > 2 && network.hasTokens(node.outputs[0])
      if !hasTokens || builder.images[node.outputs[0]]?.ownAxis == nil {
        _ = try builder.rowsPerImage(of: node.outputs[0], layer: layer.name)
      }
      return (LayerSite(layer: layer, channels: tap.channels), tap.number, activations[node.id])
    }
    (sites, siteTaps) = (seen.map(\.site), seen.map(\.tap))
    activationTaps = details.maxima ? seen.map(\.activation) : []
    let attention = network.nodes.compactMap { node -> (site: LayerSite, tap: Int)? in
      guard let tap = relevance.heads[node.id] else { return nil }
      // What is written out in other operators has the name of the node that it was.
      guard let layer = layers[node.id] ?? graph.layers.first(where: { $0.node.label == node.label }) else { return nil }
      return (LayerSite(layer: layer, channels: tap.count), tap.number)
    }
    (heads, headTaps) = (attention.map(\.site), attention.map(\.tap))
    let order = Dictionary(uniqueKeysWithValues: network.nodes.enumerated().map { ($0.element.id, $0.offset) })
    conservationTaps = relevance.conservation.filter { !$0.isView }.sorted {
      order[$0.node.id, default: 0] < order[$1.node.id, default: 0]
    }
    conservation = conservationTaps.map { tap in
      ConservationSite(layer: layers[tap.node.id]?.name ?? tap.node.label, op: tap.node.op.name, rule: tap.rule)
    }
  }
}
