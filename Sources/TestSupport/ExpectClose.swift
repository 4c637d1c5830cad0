import Tensors
import Testing

/// Records an issue unless two tensors have one shape and every element lies near enough to what is expected.
///
/// The issue tells the first element that does not, with its indices, how many do not, and the greatest difference.
///
/// - Parameters:
///   - actual: what was computed.
///   - expected: what it should be.
///   - tolerance: how far an element may lie off.
///   - scaled: whether the relative part counts from the largest magnitude of all expected elements instead of each one.
///   - label: what is compared.
/// - Returns: whether all is near enough.
@discardableResult
public func expectClose<Actual: BinaryFloatingPoint, Expected: BinaryFloatingPoint>(
  _ actual: Tensor<Actual>, _ expected: Tensor<Expected>, _ tolerance: Tolerance, scaled: Bool = false, _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) -> Bool {
  let prefix = label.isEmpty ? "" : label + ": "
  guard actual.shape == expected.shape else {
    Issue.record("\(prefix)shape \(actual.shape) instead of \(expected.shape)", sourceLocation: sourceLocation)
    return false
  }
  let bound =
    scaled
    ? Tolerance(absolute: tolerance.absolute + tolerance.relative * Double(expected.largestMagnitude)) : tolerance
  var firstMismatch: Int?
  var mismatches = 0
  var greatest = 0.0
  for position in actual.elements.indices {
    let (a, e) = (Double(actual.elements[position]), Double(expected.elements[position]))
    if a != e { greatest = (a - e).isNaN ? .nan : max(greatest, abs(a - e)) }
    guard !bound.accepts(a, expected: e) else { continue }
    mismatches += 1
    firstMismatch = firstMismatch ?? position
  }
  guard let firstMismatch else { return true }
  Issue.record(
    """
    \(prefix)\(mismatches) of \(actual.count) elements differ, first at \(actual.shape.indices(at: firstMismatch)): \
    \(actual.elements[firstMismatch]) instead of \(expected.elements[firstMismatch]); greatest difference \(greatest), \
    allowed \(bound.absolute) + \(bound.relative) × |expected|
    """, sourceLocation: sourceLocation)
  return false
}

/// ``expectClose(_:_:_:scaled:_:sourceLocation:)`` for plain lists of numbers.
@discardableResult
public func expectClose<Actual: BinaryFloatingPoint, Expected: BinaryFloatingPoint>(
  _ actual: [Actual], _ expected: [Expected], _ tolerance: Tolerance, scaled: Bool = false, _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) -> Bool {
  expectClose(
    Tensor(actual, shape: [actual.count]), Tensor(expected, shape: [expected.count]), tolerance, scaled: scaled, label,
    sourceLocation: sourceLocation)
}

extension Shape {
  /// The indices of an element by its position in row-major order.
  fileprivate func indices(at position: Int) -> [Int] {
    zip(dimensions, strides).map { position / $1 % $0 }
  }
}
