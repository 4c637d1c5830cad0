import Tensors

extension Tensor {
  /// The elements at `offset + Σ index · stride` of a row-major box of indices; strides may be negative or 0.
  ///
  /// Transposing, slicing and broadcasting are all this.
  func strided(offset: Int, strides: [Int], shape: Shape) -> Tensor {
    guard shape.count > 0 else { return Tensor([], shape: shape) }
    guard let length = shape.dimensions.last, let stride = strides.last else { return Tensor([elements[offset]], shape: shape) }
    let outer = Array(shape.dimensions.dropLast())
    var index = [Int](repeating: 0, count: outer.count)
    var start = offset
    let result = [Scalar](unsafeUninitializedCapacity: shape.count) { buffer, initialized in
      elements.withUnsafeBufferPointer { source in
        while initialized < shape.count {
          for step in 0..<length { buffer.initializeElement(at: initialized + step, to: source[start + step * stride]) }
          initialized += length
          for axis in outer.indices.reversed() {
            index[axis] += 1
            start += strides[axis]
            if index[axis] < outer[axis] { break }
            start -= outer[axis] * strides[axis]
            index[axis] = 0
          }
        }
      }
    }
    return Tensor(result, shape: shape)
  }

  /// The tensor with its axes in another order: axis i of the result is axis `permutation[i]` of this one.
  package func transposed(_ permutation: [Int]) -> Tensor {
    let shape = Shape(permutation.map { self.shape[$0] })
    guard shape.count > 0 else { return Tensor([], shape: shape) }
    let strides = self.shape.strides
    return strided(offset: 0, strides: permutation.map { strides[$0] }, shape: shape)
  }

  /// The tensor repeated to a shape that it broadcasts to.
  package func broadcast(to shape: Shape) -> Tensor {
    guard self.shape != shape else { return self }
    guard shape.count > 0 else { return Tensor([], shape: shape) }
    let own = zip(self.shape.dimensions, self.shape.strides).map { $0 == 1 ? 0 : $1 }
    return strided(offset: 0, strides: [Int](repeating: 0, count: shape.rank - own.count) + own, shape: shape)
  }

  /// The slices of one axis at the given positions, in that order.
  package func gathered(_ positions: [Int], axis: Int) -> Tensor {
    let shape = shape.replacing(axis: axis, with: positions.count)
    guard shape.count > 0 else { return Tensor([], shape: shape) }
    let inner = self.shape.dimensions[(axis + 1)...].reduce(1, *)
    let block = self.shape[axis] * inner
    var result: [Scalar] = []
    result.reserveCapacity(shape.count)
    for start in stride(from: 0, to: count, by: block) {
      for position in positions { result += elements[start + position * inner..<start + (position + 1) * inner] }
    }
    return Tensor(result, shape: shape)
  }

  /// Tensors of equal lengths elsewhere joined along one axis.
  package static func concatenated(_ parts: [Tensor], axis: Int, shape: Shape) -> Tensor {
    guard shape.count > 0 else { return Tensor([], shape: shape) }
    let rows = shape.dimensions[..<axis].reduce(1, *)
    var result: [Scalar] = []
    result.reserveCapacity(shape.count)
    for row in 0..<rows {
      for part in parts {
        let width = part.count / rows
        result += part.elements[row * width..<(row + 1) * width]
      }
    }
    return Tensor(result, shape: shape)
  }
}

extension Constant {
  /// The same elements under another shape of equal count.
  func reshaped(_ shape: Shape) -> Constant {
    switch self {
    case .float(let tensor): .float(tensor.reshaped(shape))
    case .int64(let tensor): .int64(tensor.reshaped(shape))
    }
  }

  /// See ``Tensor/transposed(_:)``.
  func transposed(_ permutation: [Int]) -> Constant {
    switch self {
    case .float(let tensor): .float(tensor.transposed(permutation))
    case .int64(let tensor): .int64(tensor.transposed(permutation))
    }
  }

  /// See ``Tensor/broadcast(to:)``.
  func broadcast(to shape: Shape) -> Constant {
    switch self {
    case .float(let tensor): .float(tensor.broadcast(to: shape))
    case .int64(let tensor): .int64(tensor.broadcast(to: shape))
    }
  }

  /// See ``Tensor/gathered(_:axis:)``.
  func gathered(_ positions: [Int], axis: Int) -> Constant {
    switch self {
    case .float(let tensor): .float(tensor.gathered(positions, axis: axis))
    case .int64(let tensor): .int64(tensor.gathered(positions, axis: axis))
    }
  }

  /// Constants of one type joined along an axis, or nil if their types differ.
  static func concatenated(_ parts: [Constant], axis: Int, shape: Shape) -> Constant? {
    let floats = parts.compactMap(\.floats)
    if floats.count == parts.count { return .float(.concatenated(floats, axis: axis, shape: shape)) }
    let integers = parts.compactMap { if case .int64(let tensor) = $0 { tensor } else { nil } }
    guard integers.count == parts.count else { return nil }
    return .int64(.concatenated(integers, axis: axis, shape: shape))
  }
}
