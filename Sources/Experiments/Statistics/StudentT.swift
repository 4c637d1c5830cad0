import Foundation

/// Student's distribution of t.
public enum StudentT {
  /// The probability that t is at least so large in magnitude, if it has so many degrees of freedom, ν:
  /// I(ν / (ν + t²); ν/2, 1/2), the regularised incomplete beta function.
  public static func tails(_ t: Double, degrees: Double) -> Double {
    let square = t * t / degrees
    guard square.isFinite else { return t.isNaN ? .nan : 0 }
    let (x, rest) = (1 / (1 + square), square / (1 + square))
    let (a, b) = (degrees / 2, 0.5)
    // x^a (1 − x)^b / B(a, b); the logarithm of x keeps its digits where x is near 1.
    let powers = -a * log1p(square) + b * log(rest) - (logarithmOfGamma(a) + logarithmOfGamma(b) - logarithmOfGamma(a + b))
    if rest == 0 { return 1 }
    return x < (a + 1) / (a + b + 2) ? exp(powers) * fraction(x, a, b) / a : 1 - exp(powers) * fraction(rest, b, a) / b
  }

  /// The t that a share of the distribution lies below in magnitude.
  public static func quantile(_ share: Double, degrees: Double) -> Double {
    var (low, high) = (0.0, 1e6)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if 1 - tails(middle, degrees: degrees) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The continued fraction of the incomplete beta function, from its front.
  ///
  /// Source: NIST, "Digital library of mathematical functions", 8.17.22; by the recurrence of I. Thompson, A. Barnett, "Coulomb and
  /// Bessel functions of complex arguments and order", Journal of Computational Physics 1986 (Lentz's, modified).
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var (upper, lower, value) = (1.0, 0.0, 1.0)
    for step in 1..<100_000 {
      let m = Double(step / 2)
      let term =
        step % 2 == 0
        ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)) : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      lower = 1 / away(1 + term * lower)
      upper = away(1 + term / upper)
      value *= upper * lower
      if abs(upper * lower - 1) < 1e-15 { break }
    }
    return 1 / value
  }

  private static func logarithmOfGamma(_ x: Double) -> Double {
    let (value, _): (Double, Int) = lgamma(x)
    return value
  }
}
