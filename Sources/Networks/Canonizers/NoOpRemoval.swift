import Tensors

/// Drops what gives its input back: `Identity`, `Dropout`, casts of what is that type, and whatever moves or reshapes nothing.
public struct NoOpRemoval: Canonizer {
  private let keepsDropout: Bool

  /// Makes the canonizer.
  ///
  /// - Parameter keepsDropout: whether a `Dropout` stays that drops something in training.
  public init(keepsDropout: Bool = false) { self.keepsDropout = keepsDropout }

  public func canonize(_ graph: Graph) throws -> Graph {
    let (few, more) = try graph.factsAtTwoBatches()
    var editor = GraphEditor(graph)
    for node in graph.nodes {
      // Values may have been renamed by an earlier removal.
      guard let position = editor.index(of: node), case let source?? = editor.nodes[position].inputs.first else { continue }
      guard node.outputs.dropFirst().allSatisfy({ $0.isEmpty || (graph.consumers(of: $0).isEmpty && !graph.isOutput($0)) }) else {
        continue
      }
      if [few, more].allSatisfy({ isNoOp(node, $0) }) { _ = editor.bypass(editor.nodes[position], to: source) }
    }
    editor.dropUnused()
    return try editor.graph()
  }

  private func isNoOp(_ node: Node, _ facts: [String: Fact]) -> Bool {
    guard case let input?? = node.inputs.first, let x = facts[input]?.shape, let y = facts[node.outputs[0]]?.shape, x == y else {
      return false
    }
    func value(_ position: Int) -> Constant? {
      position < node.inputs.count ? node.inputs[position].flatMap { facts[$0]?.value } : nil
    }
    switch node.op {
    case is Op.Dropout where keepsDropout: return value(1)?.floats?.elements == [0]
    case is Op.Expand,
      _ where node.op.elements.isView:
      return true
    case let transpose as Op.Transpose:
      guard let order = try? transpose.order(rank: x.rank) else { return false }
      return order.filter { x[$0] != 1 } == order.filter { x[$0] != 1 }.sorted()
    case is Op.Slice: return value(4)?.integers?.allSatisfy { $0 > 0 } ?? (node.inputs.count < 5 || node.inputs[4] == nil)
    case is Op.Pad: return value(1)?.integers?.allSatisfy { $0 == 0 } ?? false
    case is Op.Concat, is Op.Sum: return node.inputs.count == 1
    case is Op.Split: return node.outputs.count == 1
    // Only floating-point data flow from the input; integers have been folded.
    case let cast as Op.Cast: return cast.toFloat && !(facts[input]?.value?.floats == nil && facts[input]?.value != nil)
    default: return false
    }
  }
}
