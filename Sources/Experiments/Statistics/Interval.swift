/// Intervals of confidence.
public enum Interval {
  /// The interval that holds the mean of what the values are drawn from with a confidence of 95 %, if that is normal or they are
  /// many: mean ± t s / √n, with Student's t of n − 1 degrees of freedom; nil for fewer than two values.
  ///
  /// Source: Student, "The probable error of a mean", Biometrika 1908.
  public static func ofMean(_ values: [Double]) -> ClosedRange<Double>? {
    let moments = Moments(values)
    guard let error = moments.standardError else { return nil }
    let reach = StudentT.quantile(0.95, degrees: Double(values.count - 1)) * error
    guard reach.isFinite else { return nil }
    return moments.mean - reach...moments.mean + reach
  }

  /// The interval of a share of right answers with a confidence of 95 %.
  ///
  /// Source: E. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
  public static func ofShare(_ share: Double, of count: Int) -> ClosedRange<Double>? {
    guard count > 0, 0...1 ~= share else { return nil }
    let (n, z) = (Double(count), 1.959963984540054)
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let reach = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, min(middle - reach, share))...min(1, max(middle + reach, share))
  }
}
