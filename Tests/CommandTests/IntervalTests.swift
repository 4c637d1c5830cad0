import Experiments
import Foundation
import Testing

@Suite struct IntervalTests {
  /// Student's t of SciPy (`scipy.stats.t.ppf(0.975, n - 1)`).
  @Test(arguments: [
    (2, 12.706204736174704), (3, 4.302652729749462), (6, 2.5705818356363146), (10, 2.2621571627409915), (31, 2.0422724563012373),
    (100, 1.9842169515864165), (1000, 1.9623414611334487), (1001, 1.962339080), (50_001, 1.960011403),
  ])
  func reachesAsFarAsStudentsT(count: Int, t: Double) throws {
    let values = (0..<count).map { Double($0 * 7 % 11) + Double($0) / Double(count) }
    let mean = values.reduce(0, +) / Double(count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)).squareRoot()
    let interval = try #require(Interval.ofMean(values))
    #expect(abs(interval.upperBound - mean - t * deviation / Double(count).squareRoot()) < 1e-7 * deviation)
    #expect(abs(interval.lowerBound + interval.upperBound - 2 * mean) < 1e-9)
  }

  /// Wilson's interval holds just the shares p whose score test passes: its ends solve |p̂ − p| = z √(p (1 − p) / n).
  ///
  /// The numbers are those of statsmodels (`proportion_confint(count, n, method='wilson')`).
  @Test func wilsonsEndsSolveTheScoreTest() throws {
    for (count, n) in [(8, 10), (0, 5), (5, 5), (940, 1000), (1, 3)] {
      let share = Double(count) / Double(n)
      let interval = try #require(Interval.ofShare(share, of: n))
      for end in [interval.lowerBound, interval.upperBound] where end > 1e-12 && end < 1 - 1e-12 {
        #expect(abs(abs(share - end) - 1.959963984540054 * (end * (1 - end) / Double(n)).squareRoot()) < 1e-12)
      }
      #expect(interval.contains(share))
    }
    let known = try #require(Interval.ofShare(0.8, of: 10))
    #expect(abs(known.lowerBound - 0.4901625) < 1e-6 && abs(known.upperBound - 0.9433178) < 1e-6)
    #expect(Interval.ofShare(.nan, of: 3) == nil && Interval.ofShare(0.5, of: 0) == nil)
  }

  @Test func needsTwoValues() {
    #expect(Interval.ofMean([]) == nil && Interval.ofMean([1]) == nil)
    #expect(Interval.ofMean([3, 3]) == 3...3)
  }
}
