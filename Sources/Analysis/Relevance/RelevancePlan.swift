import Engine
import Networks
import Tensors

/// Whose relevance is computed.
public enum RelevanceTarget: Hashable, Sendable {
  /// The picture's own label.
  case label
  /// The class with the largest output.
  case predicted
  /// One class for every picture.
  case index(Int)
}

/// What the relevance starts from at the target's output.
public enum RelevanceStart: String, Hashable, Sendable, CaseIterable {
  /// 1.
  case oneHot = "one-hot"
  /// The output itself.
  case logit
}

/// A forward pass and a relevance pass behind it, compiled for shards of a fixed size: read-only, shared by all workers.
public final class RelevancePlan: Sendable {
  /// A convolution or linear layer whose relevance is taken at its output, before its activation.
  public struct LayerSite: Sendable {
    /// The layer, named as in the graph as read.
    public let layer: Layer
    /// The number of channels.
    public let channels: Int
    let tap: Int
  }

  /// The steps.
  public let plan: Plan
  /// The layers, in execution order.
  public let sites: [LayerSite]
  /// The number of outputs.
  public let classes: Int
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public let skippedHead: String?

  let input: String
  let output: String
  let targets: Slot
  let arrival: String

  /// Compiles a relevance pass.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - composite: the rules.
  ///   - start: what relevance starts from.
  ///   - batch: the number of pictures in a shard.
  ///   - outputName: the output that is explained, the first if nil; a final Softmax or LogSoftmax is left out.
  /// - Throws: `EspalierError` naming the layer that a rule does not fit.
  public init(
    _ graph: Graph, composite: Composite, start: RelevanceStart = .oneHot, batch: Int, output outputName: String? = nil
  ) throws {
    let head = try graph.withoutFinalSoftmax(output: outputName)
    skippedHead = head.skipped
    let network = try head.graph.canonized()
    let builder = try PlanBuilder(network, batch: batch)
    let pass = try RelevancePass(network, composite: composite, builder)
    let (input, output) = (network.inputs[0].name, network.outputs[0])
    let shape = try builder.shape(of: output)
    guard shape.rank == 2 else {
      throw EspalierError("it has shape \(shape)", place: "output '\(output)'", accepted: "one number a class, [N, K]")
    }
    classes = shape[1]
    (self.input, self.output, arrival) = (input, output, "relevance at the input")

    try builder.forward(keeping: pass.keptValues(), isDifferentiable: true)
    let targets = builder.allocate(.plain([batch]), name: "targets")
    builder.pin(targets)
    let logits = try builder.reorder(builder.slot(of: output), to: .plain(shape))
    let seed = builder.appendRelevanceStart(of: logits, targets: targets, classes: classes, start: start)
    let arriving = try builder.reverse(from: [output: seed], to: [input], rule: pass.cross)
    guard let slot = arriving[input] else { throw EspalierError("its output does not depend on its input '\(input)'") }
    builder.keep(try builder.reorder(slot, to: .plain(builder.shape(of: input))), as: arrival)
    self.targets = targets
    plan = builder.finish()

    let layers = Dictionary(uniqueKeysWithValues: graph.layers.map { ($0.id, $0) })
    sites = network.nodes.compactMap { node in
      guard let tap = pass.taps[node.id], let layer = layers[node.id] else { return nil }
      return LayerSite(layer: layer, channels: tap.channels, tap: tap.number)
    }
  }
}
