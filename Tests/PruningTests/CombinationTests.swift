import Pruning
import TestSupport
import Tensors
import Testing

/// Several criteria as one.
@Suite struct CombinationTests {
  private let first = FilterScores(["a": [1, 3], "b": [2, 6, 0], "only": [1]])
  private let second = FilterScores(["a": [10, 0], "b": [30, 30, 20]])

  @Test func weightsAddUpNormalisedScores() throws {
    let scores = try FilterScores([first, second], .weights([2, -0.5]), normalisation: .sum)
    #expect(scores.layers.keys.sorted() == ["a", "b"])
    expectClose(scores.complete("a"), [2 * 0.25 - 0.5, 2 * 0.75], Tolerance(absolute: 1e-15))
    expectClose(scores.complete("b"), [2 * 0.25 - 0.5 * 0.375, 2 * 0.75 - 0.5 * 0.375, -0.5 * 0.25], Tolerance(absolute: 1e-15))
  }

  /// Positions among all five filters: 1, 3, 2, 4, 0 and, with a tie for the last two positions, 1, 0, 3.5, 3.5, 2.
  @Test func meanRankIsBordas() throws {
    let scores = try FilterScores([first, second], .meanRank, normalisation: .none)
    expectClose(scores.complete("a"), [(1.0 + 1) / 10, (3.0 + 0) / 10], Tolerance(absolute: 1e-15))
    expectClose(scores.complete("b"), [(2 + 3.5) / 10, (4 + 3.5) / 10, (0.0 + 2) / 10], Tolerance(absolute: 1e-15))
  }

  @Test func whatDoesNotFitIsRefused() {
    for text in ["", "weights", "weights=", "weights=1,x", "mean", "rank=1"] {
      #expect(throws: EspalierError.self, "\(text)") { try ScoreCombination(text) }
    }
    #expect(throws: EspalierError.self) { try FilterScores([first, second], .weights([1]), normalisation: .none) }
    #expect(throws: EspalierError.self) {
      try FilterScores([first, FilterScores(["c": [1]])], .meanRank, normalisation: .none)
    }
    #expect(throws: EspalierError.self) {
      try FilterScores([first, FilterScores(["a": [1]])], .meanRank, normalisation: .none)
    }
  }

  /// A score that is NaN has no rank, least of all the lowest.
  @Test func scoresThatAreNaNAreRefused() {
    let broken = FilterScores(["a": [10, .nan], "b": [30, 30, 20]])
    for scores in [[first, broken], [broken, first]] {
      for combination in [ScoreCombination.meanRank, .weights([1, 1])] {
        let error = #expect(throws: EspalierError.self) { try FilterScores(scores, combination, normalisation: .none) }
        #expect(error?.description.contains("layer 'a': the score of filter 1 is nan") == true, "\(error?.description ?? "")")
      }
    }
  }

  @Test(arguments: ["mean-rank", "weights=1.0,-0.5"]) func textsRoundTrip(_ text: String) throws {
    #expect("\(try ScoreCombination(text))" == text)
  }
}
