/// The mean of numbers, and how far they lie from it.
public struct Moments: Hashable, Sendable {
  /// How many there are.
  public let count: Int
  /// Their mean; NaN without any.
  public let mean: Double
  /// Their standard deviation, by n − 1; nil for fewer than two.
  public let standardDeviation: Double?

  /// The standard deviation of the mean; nil for fewer than two numbers.
  public var standardError: Double? { standardDeviation.map { $0 / Double(count).squareRoot() } }

  /// Sums up.
  public init(_ values: some Collection<Double>) {
    let number = Double(values.count)
    // Of equal numbers the mean is that number, and their spread nothing, whatever sums are rounded to.
    let isConstant = values.first.map { first in values.allSatisfy { $0 == first } } ?? false
    let mean = isConstant ? values.first ?? .nan : values.reduce(0, +) / number
    count = values.count
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = values.count > 1 ? (squares / (number - 1)).squareRoot() : nil
  }
}
