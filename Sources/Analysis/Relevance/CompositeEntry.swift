import Networks
import Tensors

/// A rule for some layers of a network: by kind, by name, by position among those.
public struct CompositeEntry: Sendable {
  /// Where among the layers that kind and name choose, in execution order.
  public enum Position: Hashable, Sendable {
    /// The first n.
    case first(Int)
    /// The last n.
    case last(Int)
    /// A third of them.
    case third(Third)
  }

  /// Thirds by execution order: where three does not divide their number, the rest is the middle's.
  public enum Third: String, CaseIterable, Hashable, Sendable {
    case low, mid, high
  }

  /// The kinds of layers.
  public var kinds: Set<LayerKind>
  /// Patterns of names with `*` and `?`; every name if empty.
  public var patterns: [String]
  /// Which of them; all if nil.
  public var position: Position?
  /// Their rule.
  public var rule: any Rule

  /// Makes an entry.
  public init(kinds: Set<LayerKind>, patterns: [String] = [], position: Position? = nil, rule: any Rule) {
    self.kinds = kinds
    self.patterns = patterns
    self.position = position
    self.rule = rule
  }

  /// The numbers of the nodes that the entry fits.
  ///
  /// - Throws: `EspalierError` if a pattern, or the entry, fits none.
  func layers(of graph: Graph) throws -> [Int] {
    var layers = graph.layers.filter { kinds.contains(LayerKind($0.node, in: graph)) }
    let known = layers.map(\.name)
    let listed = EspalierError.list(known)
    let names = kinds.map(\.text).sorted().joined(separator: ", ")
    guard !layers.isEmpty else {
      throw EspalierError(
        "the network has no layer of kind \(names)",
        accepted: Set(graph.nodes.map { LayerKind($0, in: graph).text }).sorted().joined(separator: ", "))
    }
    func fits(_ layer: Layer, _ pattern: String) -> Bool {
      Glob(pattern).matches(layer.name) || Glob(pattern).matches(layer.node.name)
    }
    if let missed = patterns.first(where: { pattern in !layers.contains { fits($0, pattern) } }) {
      throw EspalierError("no layer of kind \(names) is called '\(missed)'", accepted: listed)
    }
    if !patterns.isEmpty { layers = layers.filter { layer in patterns.contains { fits(layer, $0) } } }
    return switch position {
    case .first(let count): layers.prefix(count).map(\.id)
    case .last(let count): layers.suffix(count).map(\.id)
    case .third(let third):
      switch third {
      case .low: layers.prefix(layers.count / 3).map(\.id)
      case .mid: layers.dropFirst(layers.count / 3).dropLast(layers.count / 3).map(\.id)
      case .high: layers.suffix(layers.count / 3).map(\.id)
      }
    case nil: layers.map(\.id)
    }
  }
}

extension LayerKind {
  /// The kind as composite files call it.
  public var text: String {
    switch self {
    case .averagePool: "average-pool"
    case .batchNorm: "batch-norm"
    case .layerNorm: "layer-norm"
    case .matrixProduct: "matrix-product"
    default: rawValue
    }
  }
}
