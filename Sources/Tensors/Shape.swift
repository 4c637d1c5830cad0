/// The lengths of a tensor's axes, outermost first: `[N, C, H, W]` for images.
///
/// The empty shape is a scalar's.
public struct Shape: Hashable, Sendable {
  /// The length of each axis.
  public let dimensions: [Int]

  /// The number of elements: the product of all lengths, 1 for a scalar.
  public let count: Int

  /// Makes a shape whose lengths are known to be valid.
  ///
  /// - Precondition: no length is negative and their product fits an `Int`. Lengths read from a file go through
  ///   ``init(validating:)``.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "negative length in shape \(dimensions)")
    self.dimensions = dimensions
    count = dimensions.reduce(1, *)
  }

  /// The most elements that a tensor read from a file may have: 2³⁶.
  public static let largestCount = 1 << 36

  /// Makes a shape from lengths of unknown origin.
  ///
  /// - Throws: `EspalierError` if a length is negative or there are more than ``largestCount`` elements.
  public init(validating dimensions: [Int]) throws {
    var product = 1
    for length in dimensions {
      guard length >= 0 else { throw EspalierError("negative length in shape \(dimensions)") }
      // An empty axis must not hide what the others would take: strides multiply them all.
      let (next, overflow) = product.multipliedReportingOverflow(by: max(length, 1))
      guard !overflow, next <= Shape.largestCount else {
        throw EspalierError("shape \(dimensions) is too large", accepted: "at most 2^36 elements")
      }
      product = next
    }
    self.dimensions = dimensions
    count = dimensions.contains(0) ? 0 : product
  }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The length of one axis; a negative axis counts from the end.
  public subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + rank : axis] }

  /// The distance in elements between neighbours along each axis, row-major.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * max(dimensions[axis + 1], 1)
    }
    return strides
  }

  /// The same shape with one axis's length replaced.
  public func replacing(axis: Int, with length: Int) -> Shape {
    var copy = dimensions
    copy[axis < 0 ? axis + rank : axis] = length
    return Shape(copy)
  }

  /// The shape of an elementwise result of two operands under NumPy's broadcasting, or nil if they do not fit or it is too large.
  public static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    let rank = max(a.rank, b.rank)
    var result: [Int] = []
    for axis in 0..<rank {
      let x = axis < rank - a.rank ? 1 : a.dimensions[axis - (rank - a.rank)]
      let y = axis < rank - b.rank ? 1 : b.dimensions[axis - (rank - b.rank)]
      guard x == y || x == 1 || y == 1 else { return nil }
      result.append(x == 1 ? y : x)
    }
    return try? Shape(validating: result)
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  /// Makes a shape from lengths written out.
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The lengths with `×` between them; `scalar` for none.
  public var description: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(String.init).joined(separator: "×")
  }
}
