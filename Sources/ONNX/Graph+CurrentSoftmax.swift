internal import Networks
internal import Tensors

extension Graph {
  /// The graph with nodes of `Softmax` and `LogSoftmax` turned from the form before opset 13 into the present one.
  ///
  /// The older form viewed its input as a matrix, the axes from `axis` on being the columns, and summed over rows of it. That
  /// is the sum along one axis where the axes behind it have length 1; elsewhere the view is written out, as nodes before and
  /// after.
  ///
  /// - Parameter ids: the nodes; others are of the present form.
  func withCurrentSoftmax(_ ids: [Int]) throws -> Graph {
    // With a batch of two a batch axis is never taken for one of length 1.
    let facts = try? facts(batch: 2)
    var editor = GraphEditor(self)
    for index in nodes.indices where ids.contains(nodes[index].id) {
      let node = nodes[index]
      guard let axis = (node.op as? Op.Softmax)?.axis ?? (node.op as? Op.LogSoftmax)?.axis, let input = node.inputs.first ?? nil
      else { continue }
      if let shape = facts?[input]?.shape {
        let first = axis < 0 ? axis + shape.rank : axis
        if shape.dimensions.indices.contains(first), shape.dimensions[(first + 1)...].allSatisfy({ $0 == 1 }) { continue }
      }
      let label = node.label
      let shape = editor.add(Op.ShapeOf(), named: "\(label).shape", inputs: [input])
      let matrix = editor.add(Op.Flatten(axis: axis), named: "\(label).matrix", inputs: [input])
      let result = node.outputs[0]
      let rows = editor.freshName("\(label).rows")
      // Of a matrix: the axis that the older form, which counts from the front, sums over too.
      editor.nodes[index].op = node.op is Op.Softmax ? Op.Softmax(axis: 1) : Op.LogSoftmax(axis: 1)
      editor.nodes[index].inputs = [matrix]
      editor.nodes[index].outputs = [rows]
      editor.add(Op.Reshape(), named: "\(label).restored", inputs: [rows, shape])
      editor.nodes[editor.nodes.count - 1].outputs = [result]
    }
    return try editor.graph()
  }
}
