import Tensors

extension Op.Flatten {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    guard axis >= -x.shape.rank, axis <= x.shape.rank else {
      throw EspalierError("there is no axis \(axis) in shape \(x.shape)", accepted: "\(-x.shape.rank) to \(x.shape.rank)")
    }
    let cut = axis < 0 ? axis + x.shape.rank : axis
    let rows = try Shape(validating: Array(x.shape.dimensions[..<cut])).count
    let columns = try Shape(validating: Array(x.shape.dimensions[cut...])).count
    return [x.viewed(as: try Shape(validating: [rows, columns]))]
  }
}

extension Op.Reshape {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    guard let target = try inputs.integers(1, "target lengths") else { throw EspalierError("the target is left out") }
    return [x.viewed(as: try resolve(target, from: x.shape))]
  }

  /// The shape that a target means for an input.
  ///
  /// - Throws: `EspalierError` naming both, if the numbers of elements differ or the target is not one.
  public func resolve(_ target: [Int], from shape: Shape) throws -> Shape {
    let mismatch = EspalierError("shape \(shape) does not reshape to \(target)", accepted: "\(shape.count) elements")
    var lengths: [Int] = []
    for (axis, length) in target.enumerated() {
      if length == 0, !allowsZero {
        guard axis < shape.rank else { throw mismatch }
        lengths.append(shape[axis])
      } else {
        lengths.append(length)
      }
    }
    if let rest = lengths.firstIndex(of: -1) {
      lengths[rest] = 1
      let known = try Shape(validating: lengths).count
      guard known > 0, shape.count % known == 0 else { throw mismatch }
      lengths[rest] = shape.count / known
    }
    let result = try Shape(validating: lengths)
    guard result.count == shape.count else { throw mismatch }
    return result
  }
}

extension Op.Squeeze {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let declared = try inputs.integers(1, "axes").map(x.shape.axes)
    let axes = Set(declared ?? x.shape.dimensions.indices.filter { x.shape[$0] == 1 })
    guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
      throw EspalierError("axes \(axes.sorted()) of \(x.shape) cannot be dropped", accepted: "axes of length 1")
    }
    return [
      x.viewed(as: try Shape(validating: x.shape.dimensions.enumerated().filter { !axes.contains($0.offset) }.map(\.element)))
    ]
  }
}

extension Op.Unsqueeze {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    guard let axes = try inputs.integers(1, "axes") else { throw EspalierError("the axes are left out") }
    let positions = Set(try Shape(validating: [Int](repeating: 1, count: x.shape.rank + axes.count)).axes(axes))
    var rest = x.shape.dimensions.makeIterator()
    let lengths = (0..<x.shape.rank + axes.count).map { positions.contains($0) ? 1 : rest.next() ?? 1 }
    return [x.viewed(as: try Shape(validating: lengths))]
  }
}

extension Op.Transpose {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let order = try order(rank: x.shape.rank)
    let shape = try Shape(validating: order.map { x.shape[$0] })
    return [Fact(shape) { x.value?.transposed(order) }]
  }

  /// For each axis of the result, the axis of the input, written out.
  ///
  /// - Throws: `EspalierError` if the attribute is not an order of that many axes.
  public func order(rank: Int) throws -> [Int] {
    guard !permutation.isEmpty else { return Array((0..<rank).reversed()) }
    guard permutation.sorted() == Array(0..<rank) else {
      throw EspalierError("\(permutation) is not an order of \(rank) axes")
    }
    return permutation
  }
}

extension Op.Expand {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    guard let target = try inputs.integers(1, "lengths") else { throw EspalierError("the shape is left out") }
    let shape = try x.shape.broadcast(with: Shape(validating: target))
    return [Fact(shape) { x.value?.broadcast(to: shape) }]
  }
}

extension Op.Dropout {
  /// The mask, a second output, keeps everything.
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let mask = Fact(x.shape) { .int64(Tensor(repeating: 1, shape: x.shape)) }
    return outputs > 1 ? [x, mask] : [x]
  }
}

extension Op.Identity {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [try inputs.required(0)] }
}

extension Fact {
  /// The same elements under another shape of equal count.
  fileprivate func viewed(as shape: Shape) -> Fact {
    var fact = Fact(shape)
    fact.value = value?.reshaped(shape)
    return fact
  }
}
