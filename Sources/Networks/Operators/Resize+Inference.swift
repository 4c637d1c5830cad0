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
      return [try resized(inputs, to: try Shape(validating: lengths))]
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
    return [try resized(inputs, to: try Shape(validating: lengths))]
  }

  /// What is known of the result: the elements too, where those of the input are.
  private func resized(_ inputs: [Fact?], to shape: Shape) throws -> Fact {
    try Fact(shape) {
      guard let x = try inputs.required(0).value?.floats, shape.count > 0, x.count > 0 else { return nil }
      let axes = try resizedAxes(inputs, target: shape)
      return .float(
        axes.indices.filter { axes[$0].isChanged }.reduce(x.map(Double.init)) { $0.resized($1, axes[$1]) }.map(Float.init))
    }
  }
}

extension Tensor where Scalar == Double {
  /// The tensor with one axis resized.
  fileprivate func resized(_ axis: Int, _ resize: ResizedAxis) -> Tensor {
    let inner = shape.strides[axis]
    let lines = (0..<resize.target).map(resize.terms)
    let outer = shape.dimensions[..<axis].reduce(1, *)
    var result = Tensor(repeating: 0, shape: shape.replacing(axis: axis, with: resize.target))
    for block in 0..<outer {
      for (position, terms) in lines.enumerated() {
        let start = (block * resize.target + position) * inner
        for term in terms {
          let source = (block * resize.source + term.position) * inner
          for i in 0..<inner { result.elements[start + i] += term.weight * elements[source + i] }
        }
      }
    }
    return result
  }
}
