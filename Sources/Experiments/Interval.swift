import Foundation

/// Intervals of confidence.
public enum Interval {
  /// The interval that holds the mean of what the values are drawn from with a confidence of 95 %, if that is normal or they are
  /// many: mean ± t s / √n, with Student's t of n − 1 degrees of freedom; nil for fewer than two values.
  ///
  /// Source: Student, "The probable error of a mean", Biometrika 1908.
  public static func ofMean(_ values: [Double]) -> ClosedRange<Double>? {
    guard values.count > 1 else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let reach = studentT(0.95, values.count - 1) * (variance / count).squareRoot()
    guard reach.isFinite else { return nil }
    return mean - reach...mean + reach
  }

  /// The t that a share of Student's distribution lies below in magnitude.
  ///
  /// By bisection of the finite series for the distribution function; from 1,000 degrees on by the expansion in their inverse
  /// (M. Abramowitz, I. Stegun, "Handbook of mathematical functions", 26.7.3, 26.7.4 and 26.7.5).
  static func studentT(_ share: Double, _ degrees: Int) -> Double {
    if degrees >= 1000 {
      let z = bisect(share) { erf($0 / 2.0.squareRoot()) }
      let n = Double(degrees)
      return z + (pow(z, 3) + z) / (4 * n) + (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * n * n)
    }
    return bisect(share) { t in
      let angle = atan(t / Double(degrees).squareRoot())
      let cosine = cos(angle)
      if degrees == 1 { return 2 * angle / .pi }
      var (term, sum) = (degrees % 2 == 0 ? 1 : cosine, 0.0)
      var k = degrees % 2 == 0 ? 0 : 1
      while k <= degrees - 2 {
        sum += term
        term *= cosine * cosine * Double(k + 1) / Double(k + 2)
        k += 2
      }
      return degrees % 2 == 0 ? sin(angle) * sum : 2 / .pi * (angle + sin(angle) * sum)
    }
  }

  private static func bisect(_ share: Double, _ function: (Double) -> Double) -> Double {
    var (low, high) = (0.0, 1e4)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if function(middle) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

extension Interval {
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
