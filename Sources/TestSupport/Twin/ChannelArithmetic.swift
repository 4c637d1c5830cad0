import Tensors

extension Tensor where Scalar == Double {
  /// A vector repeated along every axis of a shape but one; a negative axis counts from the end.
  func along(axis: Int, of shape: Shape) -> Tensor {
    let behind = axis < 0 ? -axis - 1 : shape.rank - 1 - axis
    return reshaped(Shape([count] + [Int](repeating: 1, count: behind))).broadcast(to: shape)
  }

  /// Adds a vector along one axis; a negative axis counts from the end.
  mutating func add(_ vector: Tensor, alongAxis axis: Int) { self = self + vector.along(axis: axis, of: shape) }

  /// Sums over every axis but one.
  func summed(alongAxis axis: Int) -> Tensor {
    let (outer, length, inner) = split(at: axis)
    var sums = Tensor(repeating: 0, shape: [length])
    for o in 0..<outer {
      for position in 0..<length {
        for i in 0..<inner { sums.elements[position] += elements[(o * length + position) * inner + i] }
      }
    }
    return sums
  }
}

extension Array {
  /// The element at a position, or the default behind the end.
  subscript(position: Int, default fallback: Element) -> Element { position < count ? self[position] : fallback }

  /// The first elements, at most so many.
  func prefixed(_ count: Int) -> [Element] { Array(prefix(count)) }
}
