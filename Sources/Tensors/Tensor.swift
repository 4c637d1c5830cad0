/// A dense row-major array with a shape.
///
/// A value type: copies share storage until one of them is written.
public struct Tensor<Scalar> {
  /// The lengths of the axes.
  public private(set) var shape: Shape
  /// The elements, last axis fastest.
  public var elements: [Scalar]

  /// Makes a tensor from its elements in row-major order.
  ///
  /// - Precondition: there are as many elements as the shape says. Data of unknown origin goes through
  ///   ``init(validating:shape:)``.
  public init(_ elements: [Scalar], shape: Shape) {
    precondition(elements.count == shape.count, "\(elements.count) elements for shape \(shape)")
    self.elements = elements
    self.shape = shape
  }

  /// Makes a tensor from elements and a shape of unknown origin.
  ///
  /// - Throws: `EspalierError` if their numbers differ.
  public init(validating elements: [Scalar], shape: Shape) throws {
    guard elements.count == shape.count else {
      throw EspalierError("\(elements.count) elements do not fill shape \(shape)", accepted: "\(shape.count) elements")
    }
    self.init(elements, shape: shape)
  }

  /// Makes a tensor with the same value everywhere.
  public init(repeating value: Scalar, shape: Shape) {
    self.init([Scalar](repeating: value, count: shape.count), shape: shape)
  }

  /// Makes a tensor of rank 0.
  public init(scalar value: Scalar) { self.init([value], shape: []) }

  /// The number of elements.
  public var count: Int { elements.count }

  /// The element at one index per axis.
  public subscript(indices: Int...) -> Scalar {
    get { elements[offset(indices)] }
    set { elements[offset(indices)] = newValue }
  }

  /// The position of an element in ``elements``.
  public func offset(_ indices: [Int]) -> Int {
    precondition(indices.count == shape.rank, "\(indices.count) indices for shape \(shape)")
    var offset = 0
    for (index, length) in zip(indices, shape.dimensions) {
      precondition(index >= 0 && index < length, "index \(indices) is outside shape \(shape)")
      offset = offset * length + index
    }
    return offset
  }

  /// The same elements under another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.count == count, "cannot view \(self.shape) as \(shape)")
    var copy = self
    copy.shape = shape
    return copy
  }

  /// A tensor of the same shape with each element transformed.
  public func map<Other>(_ transform: (Scalar) throws -> Other) rethrows -> Tensor<Other> {
    Tensor<Other>(try elements.map(transform), shape: shape)
  }

  /// The part of the first axis in `range`, as a tensor of its own.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.rank > 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let size = shape[0] == 0 ? 0 : count / shape[0]
    return Tensor(
      Array(elements[range.lowerBound * size..<range.upperBound * size]), shape: shape.replacing(axis: 0, with: range.count))
  }
}

extension Tensor: Sendable where Scalar: Sendable {}
extension Tensor: Equatable where Scalar: Equatable {}
extension Tensor: Hashable where Scalar: Hashable {}
