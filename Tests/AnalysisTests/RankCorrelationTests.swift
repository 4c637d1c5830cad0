import Analysis
import TestSupport
import Tensors
import Testing

/// Against pandas 3.1.1: `DataFrame.rank()`, `DataFrame.corr('spearman')` and `DataFrame.corr('kendall')`.
@Suite struct RankCorrelationTests {
  static let lists: [[Double]] = [
    [3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8], [0.5, -1, 0.5, -1, 3, 7, 0, 7.1], [1, 1, 1, 1, 1, 1, 1, 1],
  ]

  @Test func ranksShareTheirMean() {
    #expect(RankCorrelation.ranks(RankCorrelationTests.lists[0]) == [4, 1.5, 5, 1.5, 6, 8, 3, 7])
    #expect(RankCorrelation.ranks(RankCorrelationTests.lists[1]) == [3.5, 5, 1.5, 7, 3.5, 7, 1.5, 7])
    #expect(RankCorrelation.ranks([2, .nan, 1]) == [3, 1, 2])
    #expect(RankCorrelation.ranks([]).isEmpty)
  }

  @Test func equalsPandas() {
    let found = RankCorrelation.matrix(RankCorrelationTests.lists)
    #expect(found.shape == [4, 4])
    let expected: [[Double]] = [
      [1, 0.198853681209925, 0.969714779131018], [0.198853681209925, 1, 0.22507034547616],
      [0.969714779131018, 0.22507034547616, 1],
    ]
    for row in 0..<4 {
      for column in 0..<4 {
        if row == 3 || column == 3 {
          #expect(found[row, column].isNaN)
        } else {
          #expect(abs(found[row, column] - expected[row][column]) < 1e-14)
        }
      }
    }
    let halves = RankCorrelation.mean([found, Tensor(repeating: 0, shape: [4, 4])])
    #expect(abs(halves[0, 1] - expected[0][1] / 2) < 1e-14 && halves[3, 3] == 0)
  }

  @Test func kendallsEqualsPandas() {
    let found = KendallCorrelation.matrix(RankCorrelationTests.lists)
    #expect(found.shape == [4, 4])
    let expected: [[Double]] = [
      [1, 0.16051447078102563, 0.9058216273156766], [0.16051447078102563, 1, 0.2044652050273827],
      [0.9058216273156766, 0.2044652050273827, 1],
    ]
    for row in 0..<4 {
      for column in 0..<4 {
        if row == 3 || column == 3 {
          #expect(found[row, column].isNaN)
        } else {
          #expect(abs(found[row, column] - expected[row][column]) < 1e-14)
        }
      }
    }
  }

  /// Counted pair by pair, with many equal values, for all lengths.
  @Test func kendallsCountsPairs() {
    for count in 0..<70 {
      var random = Philox(seed: UInt64(count))
      let a = (0..<count).map { _ in Double(random.next() % 9) }
      let b = a.map { $0 / 3 + Double(random.next() % 4) }
      var (excess, left, right) = (0, 0, 0)
      for i in 0..<count {
        for j in 0..<i {
          let (x, y) = ((a[i] - a[j]).sign(), (b[i] - b[j]).sign())
          (excess, left, right) = (excess + x * y, left + abs(x), right + abs(y))
        }
      }
      let found = KendallCorrelation.of(a, b)
      if left * right == 0 {
        #expect(found.isNaN)
      } else {
        #expect(abs(found - Double(excess) / (Double(left) * Double(right)).squareRoot()) < 1e-14, "\(count)")
      }
    }
    #expect(KendallCorrelation.of([1, 2], [1]).isNaN)
    #expect(KendallCorrelation.of([.nan, 1, 2], [0, 1, 2]) == 1)
  }
}

extension Double {
  fileprivate func sign() -> Int { self > 0 ? 1 : self < 0 ? -1 : 0 }
}
