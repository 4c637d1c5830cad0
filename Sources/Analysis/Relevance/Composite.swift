import Networks
import Tensors

/// Which rule each layer of a network gets: by its kind, with an exception for the first layer.
///
/// A layer that no entry names keeps the plain gradient, as in zennit; "first" is first in execution order, where zennit takes
/// the order of definition.
public struct Composite: Sendable {
  /// The name with its parameters, as it is written to files.
  public let description: String
  /// The rule of each kind of layer.
  public let rules: [LayerKind: any Rule]
  /// The rule of the first layer of some kinds.
  public let first: (kinds: Set<LayerKind>, rule: any Rule)?

  /// Entries that come before all that, the first that fits a layer counting.
  public let entries: [CompositeEntry]

  /// Makes a composite.
  public init(
    _ description: String, rules: [LayerKind: any Rule], first: (kinds: Set<LayerKind>, rule: any Rule)? = nil,
    entries: [CompositeEntry] = []
  ) {
    self.entries = entries
    self.description = description
    self.rules = rules
    self.first = first
  }

  /// The rule of every node, by the node's number.
  ///
  /// - Throws: `EspalierError` naming an entry that fits no layer.
  public func assignment(for graph: Graph) throws -> [Int: any Rule] {
    var assignment: [Int: any Rule] = [:]
    var isFirstTaken = false
    for node in graph.nodes {
      let kind = LayerKind(node, in: graph)
      if let first, !isFirstTaken, first.kinds.contains(kind) {
        isFirstTaken = true
        assignment[node.id] = first.rule
      } else if let rule = rules[kind] {
        assignment[node.id] = rule
      }
    }
    var chosen: Set<Int> = []
    for (position, entry) in entries.enumerated() {
      let ids = try naming(location: "\(description): rule \(position + 1)") { try entry.layers(of: graph) }
      for id in ids where chosen.insert(id).inserted { assignment[id] = entry.rule }
    }
    return assignment
  }
}
