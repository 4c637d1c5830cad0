internal import Networks
internal import Tensors

extension Graph {
  /// Declarations of the results, with shapes where inference finds them.
  func declaredOutputs() -> [Onnx_ValueInfoProto] {
    // Lengths that hold at two settings of everything that is chosen at run time are fixed.
    let batches = (2, 3)
    let facts = (
      try? self.facts(batch: batches.0, symbols: symbols(length: 224)),
      try? self.facts(batch: batches.1, symbols: symbols(length: 256))
    )
    let integers = integerValues()
    return outputs.map { output in
      var dimensions: [Dimension?]?
      if let first = facts.0?[output]?.shape, let second = facts.1?[output]?.shape, first.rank == second.rank {
        dimensions = zip(first.dimensions, second.dimensions).map { a, b in
          if a == b { return .fixed(a) }
          return (a, b) == batches ? batchSymbol.map(Dimension.symbolic) : nil
        }
      }
      return Onnx_ValueInfoProto(name: output, type: integers.contains(output) ? .int64 : .float, dimensions: dimensions)
    }
  }

  /// The name of the batch axis, if its length is not fixed.
  private var batchSymbol: String? {
    guard case .symbolic(let name)? = inputs.first?.dimensions.first else { return nil }
    return name
  }

  /// One length for each named axis other than the batch.
  private func symbols(length: Int) -> [String: Int] {
    var symbols: [String: Int] = [:]
    for input in inputs {
      for case .symbolic(let name) in input.dimensions.dropFirst() where name != batchSymbol { symbols[name] = length }
    }
    return symbols
  }

  /// The values that hold integers.
  private func integerValues() -> Set<String> {
    var integers = Set(constants.filter { $0.value.floats == nil }.keys)
    for node in nodes {
      let isInteger =
        switch node.op {
        case is Op.ShapeOf: true
        case let cast as Op.Cast: !cast.toFloat
        case is Op.Where: node.inputs.last.flatMap { $0 }.map(integers.contains) ?? false
        case let constant as Op.ConstantValue: constant.value.floats == nil
        case let constant as Op.ConstantOfShape: constant.value.floats == nil
        default: node.inputs.first.flatMap { $0 }.map(integers.contains) ?? false
        }
      if isInteger { integers.formUnion(node.outputs) }
    }
    return integers
  }
}

extension Onnx_ValueInfoProto {
  /// Declares a value.
  ///
  /// - Parameter dimensions: the axes, nil for a length that is not known; nil as a whole if not even the rank is known.
  init(name: String, type: ElementType, dimensions: [Dimension?]?) {
    self.init()
    self.name = name
    self.type.tensorType.elemType = type.rawValue
    guard let dimensions else { return }
    self.type.tensorType.shape.dim = dimensions.map { dimension in
      .with {
        switch dimension {
        case .fixed(let length): $0.dimValue = Int64(length)
        case .symbolic(let name): $0.dimParam = name
        case nil: break
        }
      }
    }
    // A scalar's shape has no axes, but is there.
    if dimensions.isEmpty { self.type.tensorType.shape = Onnx_TensorShapeProto() }
  }
}
