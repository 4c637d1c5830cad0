import Tensors

extension Op.ConstantValue {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [Fact(value)] }
}

extension Op.ConstantOfShape {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    guard value.shape.count == 1 else { throw EspalierError("its value has shape \(value.shape)", accepted: "one element") }
    guard let lengths = try inputs.integers(0, "lengths") else { throw EspalierError("the shape is left out") }
    let shape = try Shape(validating: lengths)
    return [Fact(shape) { value.reshaped([]).broadcast(to: shape) }]
  }
}

extension Op.Cast {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    return [
      Fact(x.shape) {
        switch (x.value, target) {
        case (.float(let tensor), .bool): .int64(tensor.map { $0 != 0 ? 1 : 0 })
        case (.int64(let tensor), .bool): .int64(tensor.map { $0 != 0 ? 1 : 0 })
        case (.float(let tensor), .integer): .int64(tensor.map { Int64(saturating: $0) })
        case (.int64(let tensor), .float): .float(tensor.map(Float.init))
        default: x.value
        }
      }
    ]
  }
}

extension Op.ShapeOf {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let lengths = try inputs.required(0).shape.dimensions
    func clamped(_ position: Int) -> Int { min(max(position < 0 ? position + lengths.count : position, 0), lengths.count) }
    let first = clamped(start)
    return [Fact(.integers(Array(lengths[first..<max(first, clamped(end ?? lengths.count))])))]
  }
}

extension Op.Gather {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let data = try inputs.required(0)
    let indices = try inputs.required(1)
    let axis = try data.shape.axis(axis)
    let length = data.shape[axis]
    let positions = try inputs.optional(1)?.value == nil ? nil : inputs.integers(1, "indices")
    for position in positions ?? [] where position < -length || position >= length {
      throw EspalierError(
        "there is no index \(position) on axis \(axis) of \(data.shape)", accepted: "\(-length) to \(length - 1)")
    }
    let lengths = data.shape.dimensions
    let shape = try Shape(validating: lengths[..<axis] + indices.shape.dimensions + lengths[(axis + 1)...])
    return [
      Fact(shape) {
        guard let positions, let value = data.value else { return nil }
        return value.gathered(positions.map { $0 < 0 ? $0 + length : $0 }, axis: axis).reshaped(shape)
      }
    ]
  }
}

extension Op.RangeOf {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let bounds = try (0..<3).map { position -> Constant in
      let fact = try inputs.required(position)
      guard fact.shape.count == 1 else {
        throw EspalierError("input \(position) has shape \(fact.shape)", accepted: "one number")
      }
      guard let value = fact.value else {
        throw EspalierError("its bounds depend on the network's input", accepted: "values known before the network is run")
      }
      return value
    }
    switch (bounds[0], bounds[1], bounds[2]) {
    case (.int64(let first), .int64(let end), .int64(let step)):
      let (first, step) = (first.elements[0], step.elements[0])
      let count = try length(Double(first), Double(end.elements[0]), Double(step))
      let shape = try Shape(validating: [count])
      return [Fact(shape) { .int64(Tensor((0..<count).map { first &+ Int64($0) &* step }, shape: shape)) }]
    case (.float(let first), .float(let end), .float(let step)):
      let (first, step) = (first.elements[0], step.elements[0])
      let count = try length(Double(first), Double(end.elements[0]), Double(step))
      let shape = try Shape(validating: [count])
      return [Fact(shape) { .float(Tensor((0..<count).map { first + Float($0) * step }, shape: shape)) }]
    default: throw EspalierError("it mixes floating-point and integer operands")
    }
  }

  private func length(_ first: Double, _ end: Double, _ step: Double) throws -> Int {
    let count = ((end - first) / step).rounded(.up)
    guard step != 0, count <= Double(Int32.max) else {
      throw EspalierError("it runs from \(first) to \(end) in steps of \(step)", accepted: "at most 2^31 numbers")
    }
    return count > 0 ? Int(count) : 0
  }
}

extension Op.ScatterND {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let (data, indices, updates) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
    let depth = indices.shape.dimensions.last ?? 0
    guard indices.shape.rank > 0, depth <= data.shape.rank else {
      throw EspalierError(
        "its indices have shape \(indices.shape) for data of \(data.shape)", accepted: "at most an index an axis")
    }
    let part = Array(data.shape.dimensions[depth...])
    let expected = try Shape(validating: indices.shape.dimensions.dropLast() + part)
    guard updates.shape == expected else {
      throw EspalierError("its updates have shape \(updates.shape)", accepted: "\(expected)")
    }
    return [
      try Fact(data.shape) {
        guard let positions = indices.value?.integers, let data = data.value, let updates = updates.value else { return nil }
        let starts = try starts(positions, depth, data.shape, part.reduce(1, *))
        switch (data, updates) {
        case (.float(let x), .float(let y)): return .float(replaced(x, by: y, at: starts, part.reduce(1, *)))
        case (.int64(let x), .int64(let y)): return .int64(replaced(x, by: y, at: starts, part.reduce(1, *)))
        default: throw EspalierError("its data and updates are of different types")
        }
      }
    ]
  }

  /// The first element of each part that is replaced.
  private func starts(_ indices: [Int], _ depth: Int, _ shape: Shape, _ size: Int) throws -> [Int] {
    guard depth > 0 else { return indices.isEmpty ? [] : [0] }
    return try stride(from: 0, to: indices.count, by: depth).map { row in
      try (0..<depth).reduce(0) { start, axis in
        let (index, length) = (indices[row + axis], shape[axis])
        guard index >= -length, index < length else {
          throw EspalierError("there is no index \(index) on axis \(axis) of \(shape)", accepted: "\(-length) to \(length - 1)")
        }
        return start * length + (index < 0 ? index + length : index)
      } * size
    }
  }

  private func replaced<Scalar>(_ x: Tensor<Scalar>, by y: Tensor<Scalar>, at starts: [Int], _ size: Int) -> Tensor<Scalar> {
    var elements = x.elements
    for (row, start) in starts.enumerated() {
      for position in 0..<size { elements[start + position] = y.elements[row * size + position] }
    }
    return Tensor(elements, shape: x.shape)
  }
}

extension Int64 {
  /// The nearest integer towards zero; NaN gives 0, what is too large the largest.
  fileprivate init(saturating value: Float) {
    self = Int64(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
  }
}
