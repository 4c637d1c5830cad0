import Tensors

/// Merges neighbouring transposes, also across elementwise operators; those that undo each other vanish.
///
/// Networks exported from TensorFlow change between pixels-last and channels-last so.
public struct TransposeCancellation: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      guard let second = node.op as? Op.Transpose, case let source?? = node.inputs.first,
        let (first, passed) = self.transposeBefore(node, graph), let x = first.inputs[0], let rank = facts[x]?.shape.rank
      else { return [] }
      let involved = Set([node.id, first.id] + passed.map(\.id))
      guard touched.isDisjoint(with: involved), let position = editor.index(of: node), let op = first.op as? Op.Transpose else {
        return []
      }
      let inner = try op.order(rank: rank)
      let combined = try second.order(rank: rank).map { inner[$0] }
      guard let top = passed.last else {
        editor.nodes[position].op = Op.Transpose(permutation: combined)
        editor.nodes[position].inputs = [x]
        return involved
      }
      guard combined == Array(0..<rank), editor.bypass(editor.nodes[position], to: source), let head = editor.index(of: top)
      else {
        return []
      }
      editor.nodes[head].inputs[0] = x
      return involved
    }
  }

  /// The transpose above a node, and the elementwise nodes between the two, which nothing else reads, from below.
  private func transposeBefore(_ node: Node, _ graph: Graph) -> (Node, passed: [Node])? {
    var passed: [Node] = []
    var below = node
    while case let source?? = below.inputs.first, let above = graph.producer(of: source) {
      if above.op is Op.Transpose { return passed.isEmpty || graph.isOnlyReader(below, of: source) ? (above, passed) : nil }
      guard above.op.elements == .positionwise,
        above.inputs.dropFirst().allSatisfy({ $0 == nil || graph.constants[$0!]?.shape.count == 1 }),
        graph.isOnlyReader(below, of: source)
      else { return nil }
      passed.append(above)
      below = above
    }
    return nil
  }
}
