import Tensors

/// Makes one ``Op/TokenLinear`` of a product of tokens with a weight and the bias behind it.
public struct TokenLinearFolding: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      guard node.op is Op.MatMul, let x = node.inputs[0], let shape = facts[x]?.shape, shape.rank > 2, graph.constants[x] == nil,
        let name = node.inputs[1], let weight = graph.constants[name]?.floats, weight.shape.rank == 2, weight.count > 0,
        shape.count > 0, !touched.contains(node.id), let position = editor.index(of: node)
      else { return [] }
      let output = node.outputs[0]
      editor.nodes[position].op = Op.TokenLinear()
      guard case let sum? = graph.consumers(of: output).first, sum.op is Op.Add, graph.isOnlyReader(sum, of: output),
        !touched.contains(sum.id), let other = sum.inputs.compactMap({ $0 }).first(where: { $0 != output }),
        let bias = graph.constants[other]?.floats, bias.count == weight.shape[1], bias.shape.rank > 0,
        bias.shape[-1] == bias.count, facts[sum.outputs[0]]?.shape == facts[output]?.shape, let behind = editor.index(of: sum)
      else { return [node.id] }
      editor.nodes[position].inputs.append(other)
      return editor.bypass(editor.nodes[behind], to: output) ? [node.id, sum.id] : [node.id]
    }
  }
}
