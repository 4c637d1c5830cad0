extension Graph {
  /// The positions of a node's inputs that hold what training changes.
  ///
  /// These are weights and biases of convolutions and linear layers, a constant added right behind one among them, factors and
  /// summands of batch and layer norms, slopes. A constant that only scales or shifts, such as 1 / 255, is none.
  ///
  /// What `inspect` counts, budgets are of and `tune` changes is this.
  package func trainedPositions(of node: Node) -> [Int] {
    func isKnown(_ position: Int) -> Bool {
      position < node.inputs.count && node.inputs[position].map { constants[$0]?.floats != nil } ?? false
    }
    func isBehindLayer(_ position: Int) -> Bool {
      guard let source = node.inputs[position].flatMap({ producer(of: $0) }) else { return false }
      return (source.op is Op.MatMul || source.op is Op.Conv)
        && source.inputs.contains { $0.map { constants[$0]?.floats != nil } ?? false }
    }
    var positions = node.op.trainable.keys.sorted().filter(isKnown)
    // A sum's summand is a bias behind a layer alone.
    if node.op.role == .sum { positions = positions.filter { isBehindLayer(1 - $0) } }
    // Of a product of two constants the second is the weight.
    return positions.filter { position in
      !positions.contains { $0 > position && node.op.trainable[$0] == node.op.trainable[position] }
    }
  }

  /// The position of a constant input of a node that plays a part in training; nil where there is none.
  package func position(of role: ParameterRole, in node: Node) -> Int? {
    trainedPositions(of: node).first { node.op.trainable[$0] == role }
  }

  /// The inputs that hold what training changes, by name.
  package func trainedConstants(of node: Node) -> [String] { trainedPositions(of: node).compactMap { node.inputs[$0] } }
}
