import Tensors

extension Graph {
  /// What is known of every value at one batch size.
  ///
  /// - Parameters:
  ///   - batch: the length given to the first axis of every input, unless it is declared fixed.
  ///   - symbols: lengths for symbolic axes, by name.
  /// - Throws: `EspalierError` naming the node whose inputs do not fit, or an axis whose length is not known.
  public func facts(batch: Int, symbols: [String: Int] = [:]) throws -> [String: Fact] {
    var facts: [String: Fact] = [:]
    for (name, constant) in constants { facts[name] = Fact(constant) }
    for input in inputs {
      let lengths = try input.dimensions.enumerated().map { axis, dimension -> Int in
        switch dimension {
        case .fixed(let length): return length
        case .symbolic(let symbol):
          if let length = symbols[symbol] { return length }
          guard axis == 0 else {
            throw EspalierError(
              "the length of axis \(axis) ('\(symbol)') is not declared", location: "input '\(input.name)'",
              accepted: "a length, by --axis \(symbol)=LENGTH")
          }
          return batch
        }
      }
      facts[input.name] = Fact(try naming(location: "input '\(input.name)'") { try Shape(validating: lengths) })
    }
    // All values computed ahead together may be twice as large as what the file holds, or a quarter of a gigabyte; what is larger
    // is computed as the network is run.
    let held =
      constants.values.reduce(0) { $0 + $1.shape.count }
      + nodes.reduce(0) { $0 + (($1.op as? Op.ConstantValue)?.value.shape.count ?? 0) }
    var room = Swift.max(1 << 26, 2 * held)
    for node in nodes {
      let inferred = try naming(location: "\(node.op.name) '\(node.label)'") {
        try Fact.$room.withValue(min(room, Fact.largestFolded)) {
          try node.op.infer(node.inputs.map { $0.flatMap { facts[$0] } }, outputs: node.outputs.count)
        }
      }
      if !node.inputs.isEmpty && !node.op.elements.isView { room -= inferred.reduce(0) { $0 + ($1.value?.shape.count ?? 0) } }
      for (output, fact) in zip(node.outputs, inferred) where !output.isEmpty { facts[output] = fact }
    }
    return facts
  }
}
