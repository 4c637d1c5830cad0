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
              "the length of axis \(axis) ('\(symbol)') is not declared", place: "input '\(input.name)'", accepted: "a number")
          }
          return batch
        }
      }
      facts[input.name] = Fact(try naming(place: "input '\(input.name)'") { try Shape(validating: lengths) })
    }
    for node in nodes {
      let inferred = try naming(place: "\(node.op.name) '\(node.label)'") {
        try node.op.infer(node.inputs.map { $0.flatMap { facts[$0] } }, outputs: node.outputs.count)
      }
      for (output, fact) in zip(node.outputs, inferred) where !output.isEmpty { facts[output] = fact }
    }
    return facts
  }
}
