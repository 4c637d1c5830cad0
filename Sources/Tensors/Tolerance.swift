/// How far two numbers may lie apart and still count as equal: |a − b| ≤ absolute + relative × |b|.
public struct Tolerance: Hashable, Sendable {
  /// The part that does not depend on the expected value.
  public var absolute: Double
  /// The share of the expected value.
  public var relative: Double

  /// Makes a tolerance.
  public init(absolute: Double = 0, relative: Double = 0) {
    precondition(absolute >= 0 && relative >= 0, "a tolerance is not negative")
    self.absolute = absolute
    self.relative = relative
  }

  /// Whether a value is near enough to what was expected.
  ///
  /// NaN is near NaN only; an infinity only itself.
  public func accepts(_ value: Double, expected: Double) -> Bool {
    if value.isNaN || expected.isNaN { return value.isNaN && expected.isNaN }
    if value.isInfinite || expected.isInfinite { return value == expected }
    return abs(value - expected) <= absolute + relative * abs(expected)
  }
}

extension Tensor where Scalar: BinaryFloatingPoint {
  /// The largest absolute value; 0 for an empty tensor, NaN if any element is NaN.
  public var largestMagnitude: Scalar {
    elements.reduce(0) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, abs($1)) }
  }
}
