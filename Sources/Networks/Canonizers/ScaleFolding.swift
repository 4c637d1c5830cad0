import Tensors

/// Folds batch normalisation, and scaling and shifting of channels by constants, into the linear layer in front.
///
/// `W ← W · scale[output]`, `b ← b · scale + shift`, where nothing else reads the layer's output.
public struct ScaleFolding: Canonizer {
  /// Makes the canonizer.
  public init() {}

  public func canonize(_ graph: Graph) throws -> Graph {
    try graph.rewritten { node, graph, facts, editor, touched in
      guard let fold = graph.channelScale(node, facts), let linear = graph.producer(of: fold.input),
        graph.isOnlyReader(node, of: fold.input), touched.isDisjoint(with: [node.id, linear.id]),
        let weights = LinearWeights(linear, graph), let place = editor.index(of: linear)
      else { return [] }
      weights.scalingOutputs(fold).store(in: &editor, at: place)
      guard let scaled = editor.index(of: node), editor.bypass(editor.nodes[scaled], to: fold.input) else { return [] }
      return [node.id, linear.id]
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
        fold.shift.allSatisfy({ $0 == 0 }) || weights.seesNoEdge(of: shape), let place = editor.index(of: linear)
      else { return [] }
      weights.scalingInputs(fold).store(in: &editor, at: place)
      editor.nodes[place].inputs[0] = fold.input
      return [node.id, linear.id]
    }
  }
}
