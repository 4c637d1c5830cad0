import Tensors

/// Makes a border of zeros the padding of the convolution behind it.
public struct PadFolding: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      guard var conv = node.op as? Op.Conv, case let source?? = node.inputs.first, let pad = graph.producer(of: source),
        graph.isOnlyReader(node, of: source), touched.isDisjoint(with: [pad.id, node.id]), let x = pad.inputs[0],
        let (begin, end) = try self.zeroBorder(pad, graph, facts), let padded = facts[source]?.shape,
        let kernel = node.inputs[1].flatMap({ facts[$0]?.shape.spatial }), let position = editor.index(of: node)
      else { return [] }
      let placement = try conv.window.placement(input: padded.spatial, kernel: kernel)
      conv.window.padding = .explicit(
        begin: zip(placement.begin, begin).map { $0 + $1 }, end: zip(placement.end, end).map { $0 + $1 })
      editor.nodes[position].op = conv
      editor.nodes[position].inputs[0] = x
      return [pad.id, node.id]
    }
  }

  /// What a `Pad` adds to the spatial axes, if it adds zeros and nothing else.
  private func zeroBorder(_ node: Node, _ graph: Graph, _ facts: [String: Fact]) throws -> (begin: [Int], end: [Int])? {
    func value(_ position: Int) -> Constant? {
      position < node.inputs.count ? node.inputs[position].flatMap { facts[$0]?.value } : nil
    }
    guard let pad = node.op as? Op.Pad, pad.mode == .constant, let x = node.inputs[0].flatMap({ facts[$0]?.shape }), x.rank > 2,
      let pads = value(1)?.integers
    else { return nil }
    let hasFill = node.inputs.count > 2 && node.inputs[2] != nil
    guard !hasFill || value(2)?.floats?.elements == [0] else { return nil }
    let (begin, end) = try pad.borders(of: x, pads: pads, axes: value(3)?.integers)
    guard begin.prefix(2) + end.prefix(2) == [0, 0, 0, 0], (begin + end).allSatisfy({ $0 >= 0 }) else { return nil }
    return (Array(begin.dropFirst(2)), Array(end.dropFirst(2)))
  }
}
