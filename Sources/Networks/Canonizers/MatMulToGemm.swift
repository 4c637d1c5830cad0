import Tensors

/// Makes the product of a matrix with a weight a linear layer, which a bias behind it can join.
public struct MatMulToGemm: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    let facts = try graph.facts(batch: 2)
    var editor = GraphEditor(graph)
    for (position, node) in editor.nodes.enumerated() where node.op is Op.MatMul {
      guard let x = node.inputs[0], facts[x]?.shape.rank == 2, graph.constants[x] == nil,
        let weight = node.inputs[1], graph.constants[weight]?.floats?.shape.rank == 2
      else { continue }
      editor.nodes[position].op = Op.Gemm()
    }
    return try editor.graph()
  }
}
