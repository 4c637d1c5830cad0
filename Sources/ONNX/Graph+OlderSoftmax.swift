internal import Networks

extension Graph {
  /// The graph with `Softmax` and `LogSoftmax` in the form before opset 13, where the view of the input as a matrix that
  /// ``withCurrentSoftmax(_:)`` wrote out was the operators' own.
  func withOlderSoftmax() throws -> Graph {
    var editor = GraphEditor(self)
    var gone: Set<Int> = []
    for (position, node) in nodes.enumerated() where node.op is Op.Softmax || node.op is Op.LogSoftmax {
      let back = consumers(of: node.outputs[0])
      guard let input = node.inputs[0], let flat = producer(of: input), let flatten = flat.op as? Op.Flatten,
        consumers(of: input).count == 1, !isOutput(input), back.count == 1, let restored = back.first, restored.op is Op.Reshape,
        restored.inputs[0] == node.outputs[0], !isOutput(node.outputs[0]), let target = restored.inputs[1],
        let shape = producer(of: target), shape.op is Op.ShapeOf, shape.inputs[0] == flat.inputs[0]
      else { continue }
      editor.nodes[position].op = node.op is Op.Softmax ? Op.Softmax(axis: flatten.axis) : Op.LogSoftmax(axis: flatten.axis)
      editor.nodes[position].inputs = [flat.inputs[0]]
      editor.nodes[position].outputs = [restored.outputs[0]]
      gone.formUnion([flat.id, restored.id])
      if consumers(of: target).count == 1, !isOutput(target) { gone.insert(shape.id) }
    }
    guard !gone.isEmpty else { return self }
    editor.remove(gone)
    return try editor.graph()
  }
}
