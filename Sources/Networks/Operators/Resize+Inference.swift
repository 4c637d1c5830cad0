import Tensors

extension Op.Resize {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    if let sizes = try inputs.integers(3, "sizes"), !sizes.isEmpty {
      var lengths = x.dimensions
      for (axis, size) in zip(try resizedPositions(of: x, count: sizes.count), sizes) {
        guard size == 0 || x[axis] > 0 else {
          throw EspalierError("sizes \(sizes) for an input of \(x)", accepted: "an input that is not empty")
        }
        lengths[axis] = size
      }
      return [Fact(try Shape(validating: lengths))]
    }
    guard let scales = inputs.optional(2) else { throw EspalierError("neither scales nor sizes are given") }
    guard let factors = scales.value?.floats?.elements else {
      throw EspalierError("its scales depend on the network's input", accepted: "values known before the network is run")
    }
    var lengths = x.dimensions
    for (axis, factor) in zip(try resizedPositions(of: x, count: factors.count), factors) {
      guard factor > 0, let scaled = Int(exactly: (factor * Float(x[axis])).rounded(.down)) else {
        throw EspalierError("scales \(factors) for an input of \(x)", accepted: "finite numbers above 0")
      }
      lengths[axis] = scaled
    }
    return [Fact(try Shape(validating: lengths))]
  }
}
