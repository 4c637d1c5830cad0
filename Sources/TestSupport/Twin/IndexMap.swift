import Tensors

/// For each element of a result, in row-major order, the position of the element that it copies; −1 for a filling.
struct IndexMap {
  var dimensions: [Int]
  var sources: [Int]

  init(dimensions: [Int], sources: [Int]) {
    self.dimensions = dimensions
    self.sources = sources
  }

  /// The same elements under other lengths.
  init(reshaping dimensions: [Int]) {
    self.init(dimensions: dimensions, sources: Array(0..<dimensions.reduce(1, *)))
  }

  /// A result whose index along each axis picks a coordinate of the input's same axis (−1: filling).
  init(input: Shape, coordinates: [[Int]]) {
    var sources = [0]
    for (length, picks) in zip(input.dimensions, coordinates) {
      sources = sources.flatMap { source in picks.map { source < 0 || $0 < 0 ? -1 : source * length + $0 } }
    }
    self.init(dimensions: coordinates.map(\.count), sources: sources)
  }

  /// A result that walks the input with a distance an axis: 0 repeats, another axis's stride transposes.
  init(dimensions: [Int], strides: [Int]) {
    var sources = [0]
    for (length, stride) in zip(dimensions, strides) {
      sources = sources.flatMap { source in (0..<length).map { source + $0 * stride } }
    }
    self.init(dimensions: dimensions, sources: sources)
  }

  /// The input repeated along new axes in front and along those of length 1.
  init(broadcasting input: Shape, to result: Shape) {
    let missing = result.rank - input.rank
    let strides = input.strides
    self.init(
      dimensions: result.dimensions,
      strides: (0..<result.rank).map { $0 < missing || input[$0 - missing] == 1 ? 0 : strides[$0 - missing] })
  }
}

extension Tensor where Scalar == Double {
  /// Elementwise result of two tensors of one shape.
  func combined(_ other: Tensor, _ combine: (Double, Double) -> Double) -> Tensor {
    precondition(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
    return Tensor(zip(elements, other.elements).map(combine), shape: shape)
  }

  static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(b, +) }

  static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(b, -) }

  static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(b, *) }

  static func * (factor: Double, a: Tensor) -> Tensor { a.map { factor * $0 } }

  /// The tensor repeated to a larger shape.
  func broadcast(to shape: Shape) -> Tensor {
    Tensor(IndexMap(broadcasting: self.shape, to: shape).sources.map { elements[$0] }, shape: shape)
  }

  /// The transpose of ``broadcast(to:)``: sums over all copies of each element of a smaller shape.
  func summed(to shape: Shape) -> Tensor {
    var sums = Tensor(repeating: 0, shape: shape)
    for (source, value) in zip(IndexMap(broadcasting: shape, to: self.shape).sources, elements) {
      sums.elements[source] += value
    }
    return sums
  }

  /// The elements as integers; the largest that a file can hold become ±2⁵³.
  var integers: [Int] { elements.map { Int(Swift.min(Swift.max($0, -0x1p53), 0x1p53)) } }

  /// Products of lengths before and behind an axis, and its own: `[outer, length, inner]`.
  func split(at axis: Int) -> (outer: Int, length: Int, inner: Int) {
    let axis = axis < 0 ? axis + shape.rank : axis
    return (
      shape.dimensions[..<axis].reduce(1, *), shape.dimensions[axis], shape.dimensions[(axis + 1)...].reduce(1, *)
    )
  }
}
