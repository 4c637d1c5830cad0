import Tensors

/// Folds batch normalisation, and scaling and shifting of channels by constants, into the linear layer in front, or into a batch
/// normalisation there.
///
/// `W ← W · scale[output]`, `b ← b · scale + shift`, where nothing else reads the layer's output.
public struct ScaleFolding: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      guard let fold = graph.channelScale(node, facts), let front = graph.producer(of: fold.input),
        graph.isOnlyReader(node, of: fold.input), touched.isDisjoint(with: [node.id, front.id]),
        let position = editor.index(of: front), let scaled = editor.index(of: node)
      else { return [] }
      if let weights = LinearWeights(front, graph) {
        weights.scalingOutputs(fold).store(in: &editor, at: position)
      } else if front.op is Op.BatchNormalization, let scale = front.inputs[1], let shift = front.inputs[2],
        let factors = graph.constants[scale]?.floats, let terms = graph.constants[shift]?.floats
      {
        let newFactors = zip(factors.elements, fold.scale).map { Float(Double($0) * $1) }
        let newTerms = zip(terms.elements, zip(fold.scale, fold.shift)).map { Float(Double($0) * $1.0 + $1.1) }
        editor.setConstant(.float(Tensor(newFactors, shape: factors.shape)), at: 1, of: position, named: scale)
        editor.setConstant(.float(Tensor(newTerms, shape: terms.shape)), at: 2, of: position, named: shift)
      } else {
        return []
      }
      return editor.bypass(editor.nodes[scaled], to: fold.input) ? [node.id, front.id] : []
    }
  }
}

/// Folds batch normalisation, and scaling and shifting of channels by constants, into the linear layer behind.
///
/// `W ← W · scale[input]`, `b ← b + Σ W · shift[input]`, where nothing else reads what is scaled. Padding is not shifted, so a
/// convolution that pads takes up a scale alone; a transposed one, whose windows overlap unevenly, does too.
public struct InputScaleFolding: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      guard let fold = graph.channelScale(node, facts), case let linear? = graph.consumers(of: node.outputs[0]).first,
        linear.inputs[0] == node.outputs[0], graph.isOnlyReader(linear, of: node.outputs[0]),
        touched.isDisjoint(with: [node.id, linear.id]), let weights = LinearWeights(linear, graph),
        let shape = facts[fold.input]?.shape, weights.inputChannels == shape[1],
        fold.shift.allSatisfy({ $0 == 0 }) || weights.seesNoEdge(of: shape), let position = editor.index(of: linear)
      else { return [] }
      weights.scalingInputs(fold).store(in: &editor, at: position)
      editor.nodes[position].inputs[0] = fold.input
      return [node.id, linear.id]
    }
  }
}
