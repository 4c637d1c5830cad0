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
        switch x.value {
        case .float(let tensor) where !toFloat: .int64(tensor.map { Int64(saturating: $0) })
        case .int64(let tensor) where toFloat: .float(tensor.map(Float.init))
        default: x.value
        }
      }
    ]
  }
}

extension Op.ShapeOf {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let lengths = try inputs.required(0).shape.dimensions
    func clamped(_ place: Int) -> Int { min(max(place < 0 ? place + lengths.count : place, 0), lengths.count) }
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
    let places = try inputs.optional(1)?.value == nil ? nil : inputs.integers(1, "indices")
    for place in places ?? [] where place < -length || place >= length {
      throw EspalierError("there is no index \(place) on axis \(axis) of \(data.shape)", accepted: "\(-length) to \(length - 1)")
    }
    let lengths = data.shape.dimensions
    let shape = try Shape(validating: lengths[..<axis] + indices.shape.dimensions + lengths[(axis + 1)...])
    return [
      Fact(shape) {
        guard let places, let value = data.value else { return nil }
        return value.gathered(places.map { $0 < 0 ? $0 + length : $0 }, axis: axis).reshaped(shape)
      }
    ]
  }
}

extension Int64 {
  /// The nearest integer towards zero; NaN gives 0, what is too large the largest.
  fileprivate init(saturating value: Float) {
    self = Int64(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
  }
}
