import Networks
import Tensors

extension Twin {
  /// The network as Zennit 0.5.1 merges batch norms: each one behind a convolution or linear layer is folded into it and left in
  /// position with mean 0, variance 1, scale 1, bias 0 and **its ε**, so that it still divides by `√(1 + ε)`.
  ///
  /// Zennit 1.0 sets ε to 0, which is what ``TwinRelevance`` does by itself. The difference of 5e-6 a layer matters where a
  /// rule's denominator is almost zero.
  ///
  /// - Precondition: the layers are `Conv`, or `Gemm` with transposed weights, and their weights are constants.
  /// - Throws: `EspalierError` if the result is not a graph.
  public static func withEmptiedNorms(_ graph: Graph) throws -> Twin {
    let original = Twin(graph)
    var editor = GraphEditor(graph)
    var exact: [String: Tensor<Double>] = [:]
    func constant(_ tensor: Tensor<Double>, _ wish: String) -> String {
      let name = editor.add(.float(tensor.map(Float.init)), named: wish)
      exact[name] = tensor
      return name
    }
    for (position, node) in graph.nodes.enumerated() {
      guard let norm = node.op as? Op.BatchNormalization,
        let layer = graph.nodes.firstIndex(where: { $0.outputs[0] == node.inputs[0]! }),
        graph.consumers(of: node.inputs[0]!).count == 1, graph.nodes[layer].op.holdsFiltersFirst
      else { continue }
      let inputs = graph.nodes[layer].inputs
      let parameters = node.inputs.dropFirst().map { original.parameters[$0!]! }
      let (gamma, beta, mean, variance) = (parameters[0], parameters[1], parameters[2], parameters[3])
      let scale = gamma.combined(variance) { $0 / ($1 + Double(norm.epsilon)).squareRoot() }
      var weight = original.parameters[inputs[1]!]!
      let size = weight.count / scale.count
      for index in weight.elements.indices { weight.elements[index] *= scale.elements[index / size] }
      let zeros = Tensor<Double>(repeating: 0, shape: scale.shape)
      let before = inputs[2, default: nil].map { original.parameters[$0]! } ?? zeros
      editor.nodes[layer].inputs = [
        inputs[0], constant(weight, "folded.weight"), constant((before - mean) * scale + beta, "folded.bias"),
      ]
      let zero = constant(zeros, "zeros")
      let one = constant(zeros.map { _ in 1 }, "ones")
      // An identity between them keeps the norm from being folded again.
      let identity = editor.add(Op.Identity(), named: "identity", inputs: [node.inputs[0]])
      editor.nodes[position].inputs = [identity, one, zero, zero, one]
    }
    // Each identity stands right before its norm, so that the layers keep their order.
    let identities = editor.nodes[graph.nodes.count...]
    editor.nodes = editor.nodes.prefix(graph.nodes.count).flatMap { node in
      identities.filter { identity in node.inputs.first == identity.outputs[0] } + [node]
    }
    var twin = Twin(try editor.graph())
    twin.parameters.merge(exact) { _, exact in exact }
    return twin
  }
}

extension Operator {
  /// Whether the first axis of the second input counts the output's channels.
  fileprivate var holdsFiltersFirst: Bool { self is Op.Conv || (self as? Op.Gemm)?.transposeB == true }
}
