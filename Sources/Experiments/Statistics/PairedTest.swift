import Tensors

/// A test of whether two arms differ, by the differences of pairs: of the same run, or the same image, in both.
///
/// What is tested is that differences lie around 0; the test is two-sided.
public struct PairedTest: Hashable, Sendable, Codable {
  /// The mean of the differences.
  public let difference: Double
  /// The number of pairs.
  public let pairs: Int
  /// The probability of a mean at least as far from 0, if what is tested holds.
  public let p: Double

  /// The most pairs that differ for which all signs are tried.
  private static let mostExact = 20

  /// The test by signs: where arms do not differ, a difference may as well have the other sign.
  ///
  /// Up to 20 pairs that differ, p is the share of all combinations of signs whose mean is at least as far from 0; of n pairs it is
  /// never less than 2 / 2ⁿ. Beyond, that of combinations that are drawn and of the observed one, so that it is never 0.
  ///
  /// Source: R. Fisher, "The design of experiments", 1935, section 21; E. Pitman, "Significance tests which may be applied to samples
  /// from any populations", 1937; B. Phipson, G. Smyth, "Permutation p-values should never be zero", 2010, for the observed one.
  ///
  /// - Parameters:
  ///   - differences: one a pair.
  ///   - draws: how many combinations are drawn where all are too many.
  ///   - seed: what draws depend on.
  /// - Returns: p is 1 where nothing differs; nil for fewer than two pairs, or where a difference is not finite.
  public static func signs(of differences: [Double], draws: Int = 100_000, seed: UInt64 = 0) -> PairedTest? {
    guard differences.count > 1, differences.allSatisfy(\.isFinite) else { return nil }
    // The sign of what is 0 does not matter.
    let moving = differences.filter { $0 != 0 }
    let observed = abs(moving.reduce(0, +))
    // Sums that are equal but for rounding count as equal.
    let least = observed - 1e-12 * moving.reduce(0) { $0 + abs($1) }
    let p: Double
    if moving.count <= mostExact {
      let sums = signedSums(moving[...])
      p = Double(sums.count { abs($0) >= least }) / Double(sums.count)
    } else {
      let far = drawnSums(moving, draws: draws, seed: seed).count { abs($0) >= least }
      p = Double(1 + far) / Double(1 + draws)
    }
    return PairedTest(difference: Moments(differences).mean, pairs: differences.count, p: p)
  }

  /// Student's test for pairs, which holds for differences that are normal, or many.
  ///
  /// Source: Student, "The probable error of a mean", Biometrika 1908.
  ///
  /// - Returns: p is 1 where nothing differs; nil for fewer than two pairs, where a difference is not finite, and where all are equal
  ///   but not 0, of whose spread nothing is known.
  public static func student(of differences: [Double]) -> PairedTest? {
    let moments = Moments(differences)
    guard let error = moments.standardError, error.isFinite, let first = differences.first else { return nil }
    let isEqual = differences.allSatisfy { $0 == first }
    guard !isEqual || first == 0 else { return nil }
    return PairedTest(
      difference: moments.mean, pairs: moments.count,
      p: isEqual ? 1 : StudentT.tails(moments.mean / error, degrees: Double(moments.count - 1)))
  }

  /// The sums of values with all 2ⁿ combinations of signs, bit i of a sum's position that of value i.
  private static func signedSums(_ values: ArraySlice<Double>) -> [Double] {
    values.reduce([0]) { sums, value in sums.map { $0 - value } + sums.map { $0 + value } }
  }

  /// The sums of values with signs that are drawn, eight values looked up at a time.
  private static func drawnSums(_ values: [Double], draws: Int, seed: UInt64) -> [Double] {
    let tables = stride(from: 0, to: values.count, by: 8).map { start -> [Double] in
      let sums = signedSums(values[start..<min(start + 8, values.count)])
      return (0..<256).map { sums[$0 % sums.count] }
    }
    let table = tables.flatMap { $0 }
    return (0..<draws).map { draw in
      var random = Philox(seed: seed, stream: UInt64(draw))
      var (sum, bits) = (0.0, UInt64(0))
      for group in tables.indices {
        bits = group % 8 == 0 ? random.next() : bits >> 8
        sum += table[group << 8 + Int(bits & 255)]
      }
      return sum
    }
  }
}
