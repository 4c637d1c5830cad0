import Experiments
import Foundation
import TestSupport
import Tensors
import Testing

/// Against SciPy, statsmodels and NumPy (`Tests/Peers/make_statistics.py`), closed forms, and what must hold.
@Suite struct StatisticsTests {
  private struct Peers: Decodable {
    struct Student: Decodable { var t, degrees, p: Double }
    struct Paired: Decodable {
      var differences: [Double]
      var mean, signs, student: Double
    }
    struct Drawn: Decodable {
      var differences: [Double]
      var draws: Int
      var seed: UInt64
      var p: Double
    }
    struct Adjusted: Decodable { var given, adjusted: [Double] }
    struct Drawing: Decodable {
      var values: [[Double]]
      var samples: Int
      var level: Double
      var seed: UInt64
      var interval: [Double]
    }
    struct Area: Decodable {
      var x, y: [Double]
      var area: Double
    }

    var student: [Student]
    var paired: [Paired]
    var drawn: Drawn
    var holm: [Adjusted]
    var bootstrap: [Drawing]
    var areas: [Area]
  }

  private func peers() throws -> Peers {
    try JSONDecoder().decode(Peers.self, from: Data(contentsOf: testResource("statistics.json")))
  }

  private func normals(_ count: Int, stream: UInt64) -> [Double] {
    var random = Philox(seed: 11, stream: stream)
    return (0..<count).map { _ in random.normal() }
  }

  @Test func studentsDistributionIsThatOfSciPy() throws {
    let cases = try peers().student
    #expect(cases.count == 64)
    for entry in cases {
      let p = StudentT.tails(entry.t, degrees: entry.degrees)
      #expect(abs(p - entry.p) <= 1e-15 + 5e-10 * entry.p, "t \(entry.t), \(entry.degrees) degrees: \(p)")
      if entry.p < 1, entry.p > 1e-3 {
        #expect(abs(StudentT.quantile(1 - entry.p, degrees: entry.degrees) - entry.t) < 1e-9 * entry.t + 1e-12)
      }
    }
    // Of one degree the distribution is Cauchy's; of two t / √(2 + t²) lies below.
    for t in [0.01, 1, 1e3, 1e6] {
      #expect(abs(StudentT.tails(t, degrees: 1) - 2 * atan(1 / t) / .pi) < 1e-14)
      #expect(abs(StudentT.tails(-t, degrees: 2) - (1 - t / (2 + t * t).squareRoot())) < 1e-14)
    }
    #expect(StudentT.tails(.infinity, degrees: 3) == 0 && StudentT.tails(.nan, degrees: 3).isNaN)
  }

  @Test func momentsAreThoseOfTheirDefinition() {
    let moments = Moments([1, 2, 4])
    #expect(moments.count == 3 && abs(moments.mean - 7.0 / 3) < 1e-15)
    #expect(abs(moments.standardDeviation! - (7.0 / 3).squareRoot()) < 1e-15)
    #expect(abs(moments.standardError! - (7.0 / 9).squareRoot()) < 1e-15)
    #expect(Moments([5]).standardDeviation == nil && Moments([5]).mean == 5 && Moments([]).mean.isNaN)
  }

  @Test func pairedTestsAreThoseOfSciPy() throws {
    let peers = try peers()
    #expect(peers.paired.count == 10)
    for entry in peers.paired {
      let name = "\(entry.differences)"
      let signs = try #require(PairedTest.signs(of: entry.differences))
      #expect(signs.pairs == entry.differences.count && abs(signs.difference - entry.mean) < 1e-15, "\(name)")
      // Of more than 20 pairs that differ, signs are drawn: within four standard deviations.
      let reach = entry.differences.count > 20 ? 4 * (entry.signs * (1 - entry.signs) / 1e5).squareRoot() + 1e-5 : 1e-15
      #expect(abs(signs.p - entry.signs) <= reach, "\(name): \(signs.p)")
      let student = try #require(PairedTest.student(of: entry.differences))
      #expect(abs(student.p - entry.student) <= 1e-12 && student.difference == signs.difference, "\(name): \(student.p)")
      #expect(PairedTest.signs(of: entry.differences.map { -$0 })?.p == signs.p || entry.differences.count > 20)
    }
    let drawn = peers.drawn
    #expect(PairedTest.signs(of: drawn.differences, draws: drawn.draws, seed: drawn.seed)?.p == drawn.p)
  }

  @Test func pairsThatTellNothing() throws {
    for values in [[], [1], [1, .nan], [.infinity, 1, 2]] as [[Double]] {
      #expect(PairedTest.signs(of: values) == nil && PairedTest.student(of: values) == nil, "\(values)")
    }
    #expect(PairedTest.signs(of: [0, 0, 0])?.p == 1 && PairedTest.student(of: [0, 0, 0])?.p == 1)
    // All alike: two of 2ⁿ combinations are as far from 0, also where sums round differently.
    #expect(PairedTest.signs(of: [Double](repeating: 0.1, count: 10))?.p == 2.0 / 1024)
    #expect(PairedTest.student(of: [Double](repeating: 0.1, count: 10)) == nil)
    // Pairs that do not differ do not count as pairs whose signs are tried.
    #expect(PairedTest.signs(of: [Double](repeating: 0, count: 500) + [1, 1, 1])?.p == 0.25)
    // What is drawn is never impossible.
    #expect(PairedTest.signs(of: [Double](repeating: 1, count: 200), draws: 999)?.p == 1e-3)
  }

  @Test func holmIsThatOfStatsmodels() throws {
    for entry in try peers().holm {
      let found = Holm.adjusted(entry.given)
      expectClose(found, entry.adjusted, Tolerance(absolute: 1e-15, relative: 1e-14), "\(entry.given)")
      let order = entry.given.indices.sorted { entry.given[$0] < entry.given[$1] }
      #expect(zip(order, order.dropFirst()).allSatisfy { found[$0] <= found[$1] })
      #expect(found[order[0]] == min(1, entry.given[order[0]] * Double(order.count)), "the least: Bonferroni's")
      #expect(zip(found, entry.given).allSatisfy { $0 >= $1 && $0 <= min(1, $1 * Double(order.count)) + 1e-15 || $0 <= 1 })
    }
    let some = Holm.adjusted([0.01, .nan, 0.02])
    #expect(some[0] == 0.02 && some[1].isNaN && some[2] == 0.02)
    #expect(Holm.adjusted([]) == [])
  }

  @Test func drawsAreThoseOfNumPy() throws {
    let cases = try peers().bootstrap
    #expect(cases.count == 4)
    for entry in cases {
      let found = try #require(
        Bootstrap.interval(ofMean: entry.values, samples: entry.samples, level: entry.level, seed: entry.seed))
      #expect(
        abs(found.lowerBound - entry.interval[0]) < 1e-14 && abs(found.upperBound - entry.interval[1]) < 1e-14, "\(found)")
    }
    for values in [[], [[]], [[1]], [[1, .nan]], [[1], [.infinity]]] as [[[Double]]] {
      #expect(Bootstrap.interval(ofMean: values) == nil)
    }
    #expect(Bootstrap.interval(ofMean: [[3, 3], [3, 3]]) == 3...3)
  }

  /// The means of all draws of three numbers, and of two runs by two images, have known probabilities.
  @Test func fewValuesHaveTheirWholeDistribution() throws {
    // 0, 0, 1 in three draws: k ones with probability C(3, k) 2^(3 − k) / 27; all ones 1 in 27 = 3.7 %, none 29.6 %.
    let values = [[0.0, 0, 1]]
    #expect(try #require(Bootstrap.interval(ofMean: values, samples: 20000, level: 0.95)) == 0...1)
    #expect(try #require(Bootstrap.interval(ofMean: values, samples: 20000, level: 0.90)) == 0...(2.0 / 3))
    // Runs differ, images do not: 00, 01, 10, 11 alike; an interval of half lies within a quarter on either side.
    #expect(try #require(Bootstrap.interval(ofMean: [[0, 0], [1, 1]], samples: 20000, level: 0.45)) == 0.5...0.5)
    #expect(try #require(Bootstrap.interval(ofMean: [[0, 0], [1, 1]], samples: 20000, level: 0.55)) == 0...1)
    #expect(try #require(Bootstrap.interval(ofMean: [[0, 1], [0, 1]], samples: 20000, level: 0.45)) == 0.5...0.5)
  }

  /// Of seeded normals, intervals hold the true mean about as often as they say; percentiles of 30 runs are known to be some 2 % short.
  @Test func intervalsHoldTheMean() throws {
    let trials = 400
    var (ofImages, crossed) = (0, 0)
    for trial in 0..<trials {
      let images = normals(60, stream: UInt64(2 * trial))
      let interval = try #require(Bootstrap.interval(ofMean: [images], samples: 500, seed: UInt64(trial)))
      if interval.contains(0) { ofImages += 1 }
      let runs = normals(30, stream: UInt64(2 * trial + 1))
      let values = runs.map { run in images[..<30].map { run + $0 } }
      if try #require(Bootstrap.interval(ofMean: values, samples: 500, seed: UInt64(trial))).contains(0) { crossed += 1 }
    }
    // Three standard deviations of a binomial share about 0.94.
    for held in [ofImages, crossed] { #expect(0.905...0.98 ~= Double(held) / Double(trials), "\(held) of \(trials)") }
  }

  @Test func areasAreThoseOfNumPy() throws {
    for entry in try peers().areas {
      let area = try AreaUnderCurve(over: entry.x)
      #expect(abs(area.area(entry.y) - entry.area) < 1e-14)
      #expect(abs(area.weights.reduce(0, +) - 1) < 1e-14)
    }
    // The mean of images' areas is the area of their mean.
    let area = try AreaUnderCurve(over: [0.5, 0.1, 0.3])
    let correct = [[true, true, false, true], [false, true, false, false], [true, true, false, false]]
    let areas = area.areas(correct)
    expectClose(areas, [0.75, 1, 0, 0.25], Tolerance(absolute: 1e-15), "areas")
    let shares = correct.map { row in Double(row.count { $0 }) / 4 }
    #expect(abs(areas.reduce(0, +) / 4 - area.area(shares)) < 1e-15)
    for (x, problem) in [
      ([0.5], "a curve of 1 point has no area"), ([], "0 points"), ([0.1, 0.5, 0.1], "two points at 0.1"),
      ([0.1, .nan], "nan is no point"),
    ] as [([Double], String)] {
      let error = try #require(throws: EspalierError.self) { try AreaUnderCurve(over: x) }
      #expect(error.description.contains(problem), "\(error)")
    }
  }
}
