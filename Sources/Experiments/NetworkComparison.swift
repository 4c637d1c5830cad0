import Networks
import Tensors

/// Two networks side by side: what their layers hold and cost, by the layers' names.
public struct NetworkComparison: Sendable, Encodable {
  /// A number before and after.
  public struct Change: Hashable, Sendable, Encodable {
    /// Before.
    public var before: Int
    /// After.
    public var after: Int

    /// The share that is left; 1 where there was nothing.
    public var share: Double { before == 0 ? 1 : Double(after) / Double(before) }
  }

  /// A layer that has filters, before and after.
  public struct Layer: Sendable, Encodable {
    /// The layer's name.
    public var name: String
    /// The operator's name in ONNX.
    public var `operator`: String
    /// Its filters; 0 in a network that does not have it.
    public var filters: Change
    /// Its MACs for one image.
    public var macs: Change
    /// Its weights.
    public var parameters: Change
  }

  /// The convolutions and linear layers of both, in execution order of the first; then those that only the second has.
  public var layers: [Layer]
  /// Multiply-accumulate operations for one image.
  public var macs: Change
  /// Weights that training changes.
  public var parameters: Change
  /// Elements of the outputs of linear layers.
  public var activations: Change

  /// Compares.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public init(_ before: Graph, _ after: Graph) throws {
    let (first, second) = (try before.summary(), try after.summary())
    func rows(_ summary: GraphSummary, _ graph: Graph) -> [GraphSummary.Row] {
      let linear = Set(graph.linearLayers.map(\.name))
      return summary.layers.filter { linear.contains($0.name) }
    }
    let (old, new) = (rows(first, before), rows(second, after))
    let later = Dictionary(new.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(old.map(\.name))
    // A product's filters lie along the last axis, behind the tokens.
    func filters(_ row: GraphSummary.Row?) -> Int {
      (row?.operator == Op.MatMul.name ? row?.output.last : row?.output.first) ?? 0
    }
    layers =
      old.map { row in
        let new = later[row.name]
        return Layer(
          name: row.name, operator: row.operator, filters: Change(before: filters(row), after: filters(new)),
          macs: Change(before: row.macs, after: new?.macs ?? 0),
          parameters: Change(before: row.parameters, after: new?.parameters ?? 0))
      }
      + new.filter { !names.contains($0.name) }.map { row in
        Layer(
          name: row.name, operator: row.operator, filters: Change(before: 0, after: filters(row)),
          macs: Change(before: 0, after: row.macs), parameters: Change(before: 0, after: row.parameters))
      }
    macs = Change(before: first.macs, after: second.macs)
    parameters = Change(before: first.parameters, after: second.parameters)
    activations = Change(before: first.activations, after: second.activations)
  }
}
