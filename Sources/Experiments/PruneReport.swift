import Networks
import Pruning
import Tensors

/// What pruning made of a network.
public struct PruneReport: Sendable, Encodable {
  /// A layer that has filters, before and after.
  public struct Layer: Sendable, Encodable {
    /// The layer's name.
    public var name: String
    /// The operator's name in ONNX.
    public var `operator`: String
    /// Its filters before and after.
    public var filters: Change
    /// Its MACs before and after.
    public var macs: Change
    /// Its weights before and after.
    public var parameters: Change
  }

  /// A number before and after.
  public struct Change: Hashable, Sendable, Encodable {
    /// Before.
    public var before: Int
    /// After.
    public var after: Int

    /// The share that is left.
    public var share: Double { before == 0 ? 1 : Double(after) / Double(before) }
  }

  /// The share of pictures that the network gets right.
  public struct Accuracy: Sendable, Encodable {
    /// The pictures.
    public var data: String
    /// Before, after pruning, and after tuning, if it was tuned.
    public var before: Double, pruned: Double, tuned: Double?
  }

  /// The criterion and its parameters.
  public var criterion: String
  /// What was to be kept.
  public var budget: String
  /// The layers, in execution order.
  public var layers: [Layer]
  /// Totals.
  public var macs: Change, parameters: Change, activations: Change, filters: Change
  /// How well it does; nil without labelled pictures.
  public var accuracy: Accuracy?
  /// The time of a forward pass before and after; nil if it was not measured.
  public var latency: [Latency]?
  /// The greatest difference between the masked and the pruned network, of all steps.
  public var proof: PruningProof
}

extension PruneReport {
  /// The layers of two networks side by side, by name.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  static func layers(_ before: Graph, _ after: Graph) throws -> (
    layers: [Layer], macs: Change, parameters: Change, activations: Change
  ) {
    let (first, second) = (try before.summary(), try after.summary())
    let later = Dictionary(second.layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let linear = Set(before.linearLayers.map(\.name))
    let layers = first.layers.filter { linear.contains($0.name) }.compactMap { row -> Layer? in
      guard let new = later[row.name] else { return nil }
      return Layer(
        name: row.name, operator: row.operator, filters: Change(before: row.output.first ?? 0, after: new.output.first ?? 0),
        macs: Change(before: row.macs, after: new.macs), parameters: Change(before: row.parameters, after: new.parameters))
    }
    return (
      layers, Change(before: first.macs, after: second.macs), Change(before: first.parameters, after: second.parameters),
      Change(before: first.activations, after: second.activations)
    )
  }
}
