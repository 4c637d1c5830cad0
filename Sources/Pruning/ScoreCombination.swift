import Foundation
import Tensors

/// How scores by several criteria become one.
public enum ScoreCombination: Hashable, Sendable {
  /// The sum of the criteria's normalised scores, each times its weight.
  case weights([Double])
  /// The mean of a filter's positions in the orders that the criteria put all filters into, as shares: Borda's count.
  case meanRank

  /// Reads `weights=A,B,…` or `mean-rank`.
  ///
  /// - Throws: `EspalierError` telling what is accepted.
  public init(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    if text == "mean-rank" {
      self = .meanRank
    } else if parts.count == 2, parts[0] == "weights" {
      let weights = parts[1].split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
      guard weights.allSatisfy({ $0?.isFinite ?? false }) else {
        throw EspalierError("'\(parts[1])' are no weights", accepted: "weights=A,B,… with a number for every criterion")
      }
      self = .weights(weights.compactMap { $0 })
    } else {
      throw EspalierError("'\(text)' combines nothing", accepted: "weights=A,B,… or mean-rank")
    }
  }
}

extension ScoreCombination: CustomStringConvertible {
  public var description: String {
    switch self {
    case .weights(let weights): "weights=" + weights.map { "\($0)" }.joined(separator: ",")
    case .meanRank: "mean-rank"
    }
  }
}

extension FilterScores {
  /// One score of several, for the layers that all have; a filter has one where all criteria give it one.
  ///
  /// - Parameters:
  ///   - several: the scores, one set a criterion.
  ///   - normalisation: how each criterion's layers are made comparable before.
  /// - Throws: `EspalierError` if weights are not one a criterion, no layer has all scores, or a layer has another number of them
  ///   or one that is no finite number.
  public init(_ several: [FilterScores], _ combination: ScoreCombination, normalisation: ScoreNormalisation) throws {
    let names = several.dropFirst().reduce(Set(several.first.map { Array($0.layers.keys) } ?? [])) {
      $0.intersection($1.layers.keys)
    }
    guard !names.isEmpty else { throw EspalierError("no layer has scores by all criteria", location: "--combine") }
    for name in names.sorted() where Set(several.map { $0.layers[name]?.count ?? 0 }).count > 1 {
      throw EspalierError("criteria differ in the number of its filters", location: "layer '\(name)'")
    }
    let shared = several.map { scores in
      FilterScores(
        Dictionary(
          uniqueKeysWithValues: names.map { name in
            let own = scores.layers[name] ?? []
            return (
              name, own.indices.map { position in several.allSatisfy { $0.layers[name]?[position] != nil } ? own[position] : nil }
            )
          }))
    }
    let scores = try shared.map { try $0.normalised(normalisation) }
    switch combination {
    case .weights(let weights):
      guard weights.count == scores.count else {
        throw EspalierError(
          "\(weights.count.of("weight")) for \(scores.count.of("criterion", "criteria"))", location: "--combine",
          accepted: "one each")
      }
      self = FilterScores.weighted(scores, weights)
    case .meanRank: self = FilterScores.meanRank(scores)
    }
  }

  /// Σ_k w_k s_k.
  private static func weighted(_ scores: [FilterScores], _ weights: [Double]) -> FilterScores {
    var sum = scores[0].layers.mapValues { $0.map { $0.map { _ in 0.0 } } }
    for (scores, weight) in zip(scores, weights) {
      for (name, values) in scores.layers {
        for (position, value) in values.enumerated() {
          if let value, let old = sum[name]?[position] { sum[name]?[position] = old + weight * value }
        }
      }
    }
    return FilterScores(sum)
  }

  /// The mean of the shares of all filters that score less; equals share their positions.
  private static func meanRank(_ scores: [FilterScores]) -> FilterScores {
    let names = scores[0].layers.keys.sorted()
    let ranks = scores.map { scores in ScoreNormalisation.rank.apply(names.flatMap { scores.layers[$0] ?? [] }) }
    let means: [Double?] = (ranks.first ?? []).indices.map { position in
      let own = ranks.compactMap { $0[position] }
      return own.count == ranks.count ? own.reduce(0, +) / Double(own.count) : nil
    }
    var start = 0
    var layers: [String: [Double?]] = [:]
    for name in names {
      let count = scores[0].layers[name]?.count ?? 0
      layers[name] = Array(means[start..<start + count])
      start += count
    }
    return FilterScores(layers)
  }
}
