import Engine
import Networks
import Tensors

/// Whose feature maps are observed.
public struct FeatureMapSite: Hashable, Sendable {
  /// Where behind a convolution.
  public enum Position: String, Hashable, Sendable, CaseIterable {
    /// Its own output, behind a batch norm that folds into it.
    case linear
    /// Behind the activation, and before that the residual sum, that alone read it.
    case activation
  }

  /// The convolution's name; nil for the last one.
  public var layer: String?
  /// Where behind it.
  public var position: Position

  /// Makes a site.
  public init(layer: String? = nil, position: Position = .activation) {
    self.layer = layer
    self.position = position
  }
}

/// A forward pass, and behind it a pass back to the feature maps of one layer, compiled for shards of a fixed size: read-only,
/// shared by all workers.
public final class FeatureMapPlan: Sendable {
  /// The convolution, and the number of its feature maps.
  public let site: LayerSite
  /// What the output holds of one image.
  public var form: OutputForm { pass.scores }
  /// A notice if a final Softmax or LogSoftmax was left out, naming it.
  public var skippedHead: String? { pass.skippedHead }

  /// What is run.
  let pass: CompiledPass
  let maps = "feature maps"
  let arrival = "relevance at the feature maps"

  /// Compiles the passes.
  ///
  /// - Parameters:
  ///   - graph: the network as read.
  ///   - site: whose feature maps.
  ///   - composite: the rules of the pass back.
  ///   - start: what relevance starts from.
  ///   - batch: the number of images in a shard.
  ///   - outputName: the output that is explained, the first if nil; a final Softmax or LogSoftmax is left out.
  /// - Throws: `EspalierError` if there is no such convolution, or the output does not depend on it.
  public init(
    _ graph: Graph, site: FeatureMapSite, composite: Composite, start: RelevanceStart, batch: Int, output outputName: String?
  ) throws {
    let compiler = try PassCompiler(graph, output: outputName, batch: batch)
    let (network, builder) = (compiler.network, compiler.builder)
    let relevance = try RelevancePass(network, composite: composite, builder)
    let kept = Set(network.nodes.filter { LayerKind($0, in: network) == .convolution }.map(\.id))
    let convolutions = graph.layers.filter { kept.contains($0.id) }
    guard
      let layer = site.layer.map({ name in convolutions.first { $0.name == name || $0.node.name == name } })
        ?? convolutions.last
    else {
      throw EspalierError(
        site.layer.map { "there is no convolution '\($0)'" + EspalierError.suggestion(for: $0, among: convolutions.map(\.name)) }
          ?? "the network has no convolution",
        accepted: convolutions.isEmpty ? "a network with one" : EspalierError.list(convolutions.map(\.name)))
    }
    let value = network.featureMaps(of: network.node(id: layer.id)!, at: site.position)
    let shape = try builder.shape(of: value)
    guard shape.rank == 4 else {
      throw EspalierError("its output has shape \(shape)", location: "layer '\(layer.name)'", accepted: "[N, C, H, W]")
    }
    guard try builder.rowsPerImage(of: value, layer: layer.name) == 1 else {
      throw EspalierError("an image has several feature maps a channel there", location: "layer '\(layer.name)'", accepted: "one")
    }
    self.site = LayerSite(layer: layer, channels: shape[1])

    try builder.forward(keeping: relevance.keptValues().union([value]), isDifferentiable: true)
    let seed = try compiler.seed(.relevance(start))
    let arriving = try builder.reverse(from: [compiler.output: seed], to: [value], rule: relevance.cross)
    guard let slot = arriving[value] else {
      throw EspalierError("the output '\(compiler.output)' does not depend on it", location: "layer '\(layer.name)'")
    }
    try compiler.keep(builder.slot(of: value), shapedAs: value, as: maps)
    try compiler.keep(slot, shapedAs: value, as: arrival)
    pass = compiler.finish()
  }
}

/// The feature maps of a shard of images, and what arrives there.
public struct FeatureMapResult: Sendable {
  /// The feature maps, `[n, C, H, W]`.
  public var maps: Tensor<Float>
  /// The gradient, or the relevance, at each of them, of the same shape.
  public var relevance: Tensor<Float>
  /// The outputs before a final softmax, `[n, …]`.
  public var prediction: Tensor<Float>
}

/// A feature map plan with buffers of its own: what one worker runs.
public final class FeatureMapProgram {
  /// The plan.
  public let plan: FeatureMapPlan
  private let program: Program

  /// Allocates the buffers.
  ///
  /// - Throws: `EspalierError` if the engine refuses.
  public init(_ plan: FeatureMapPlan) throws {
    self.plan = plan
    program = try Program(plan.pass.plan)
  }

  /// The feature maps of images `[n, …]`, n from 1 to the plan's batch, and what arrives there.
  ///
  /// - Parameter others: what the network's other inputs take, by their names.
  /// - Throws: `EspalierError` naming the layer that failed, or a target that is no class.
  public func run(_ images: Tensor<Float>, others: [String: Tensor<Float>] = [:], targets: [OutputTarget]) throws
    -> FeatureMapResult
  {
    try plan.pass.run(program, images, others: others, targets: targets)
    return FeatureMapResult(
      maps: program.result(plan.maps), relevance: program.result(plan.arrival), prediction: program.result(plan.pass.output))
  }
}

extension Graph {
  /// The value that holds a convolution's feature maps.
  fileprivate func featureMaps(of node: Node, at position: FeatureMapSite.Position) -> String {
    var value = node.outputs[0]
    while position == .activation, !isOutput(value) {
      let readers = consumers(of: value)
      guard readers.count == 1, [.relu, .activation, .sum, .batchNorm].contains(LayerKind(readers[0], in: self)) else { break }
      value = readers[0].outputs[0]
      if [.relu, .activation].contains(LayerKind(readers[0], in: self)) { break }
    }
    return value
  }
}
