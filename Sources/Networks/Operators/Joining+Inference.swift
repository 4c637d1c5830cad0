import Tensors

extension Op.Concat {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let parts = try inputs.indices.map { try inputs.required($0) }
    guard let first = parts.first?.shape else { throw EspalierError("it joins nothing") }
    let axis = try first.axis(axis)
    var lengths = first.dimensions
    for part in parts.dropFirst() {
      guard part.shape.rank == first.rank,
        zip(part.shape.dimensions, first.dimensions).enumerated().allSatisfy({ $0 == axis || $1.0 == $1.1 })
      else {
        throw EspalierError(
          "shapes \(first) and \(part.shape) do not join along axis \(axis)", accepted: "equal lengths on all other axes")
      }
      lengths[axis] += part.shape[axis]
    }
    let shape = try Shape(validating: lengths)
    return [
      Fact(shape) {
        let values = parts.compactMap(\.value)
        return values.count == parts.count ? .concatenated(values, axis: axis, shape: shape) : nil
      }
    ]
  }
}

extension Op.Split {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let axis = try x.shape.axis(axis)
    let lengths = try partLengths(of: x.shape[axis], declared: inputs.integers(1, "lengths"), outputs: outputs)
    var start = 0
    return try lengths.map { length in
      defer { start += length }
      let range = start..<start + length
      return Fact(try Shape(validating: x.shape.dimensions.enumerated().map { $0 == axis ? length : $1 })) {
        x.value?.gathered(Array(range), axis: axis)
      }
    }
  }

  /// The parts' lengths along the axis, given the second input's elements or nil where it is left out: equal parts then, the
  /// last one shorter if need be.
  ///
  /// - Throws: `EspalierError` if they do not fill the axis.
  public func partLengths(of length: Int, declared: [Int]?, outputs: Int) throws -> [Int] {
    guard outputs > 0 else { throw EspalierError("it names no outputs") }
    let part = (length + outputs - 1) / outputs
    let lengths = declared ?? [Int](repeating: part, count: outputs - 1) + [length - part * (outputs - 1)]
    guard lengths.count == outputs, lengths.allSatisfy({ $0 >= 0 && $0 <= length }), lengths.reduce(0, +) == length else {
      throw EspalierError(
        "an axis of length \(length) is cut into \(lengths) for \(outputs) outputs",
        accepted: "one length an output, \(length) in all")
    }
    return lengths
  }
}
