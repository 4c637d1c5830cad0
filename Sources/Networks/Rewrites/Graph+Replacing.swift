import Tensors

extension Graph {
  /// The graph with some float constants replaced; those that a `Constant` node makes are replaced there.
  ///
  /// - Throws: `EspalierError` if a name is no constant.
  package func replacing(_ values: [String: Tensor<Float>]) throws -> Graph {
    var editor = GraphEditor(self)
    for (name, tensor) in values {
      if editor.constants[name] != nil {
        editor.constants[name] = .float(tensor)
      } else if let position = editor.nodes.firstIndex(where: { $0.outputs == [name] && $0.op is Op.ConstantValue }) {
        editor.nodes[position].op = Op.ConstantValue(value: .float(tensor))
      } else {
        throw EspalierError(
          "'\(name)' is computed from other constants, so that its trained value has no position", location: "training")
      }
    }
    return try editor.graph()
  }
}
