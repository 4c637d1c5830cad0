import Foundation
import Networks
import Tensors

/// One number for every filter of every layer: the filter with the least counts least.
///
/// A filter may have none; it stays.
public struct FilterScores: Sendable {
  /// The scores of each layer, `[filters]`, by the layer's name; nil for a filter that has none.
  public var layers: [String: [Double?]]

  /// Takes scores.
  public init(_ layers: [String: [Double?]]) { self.layers = layers }

  /// The scores with every layer's brought to a common scale.
  ///
  /// - Throws: `EspalierError` naming a layer with a score that is no finite number.
  public func normalised(_ normalisation: ScoreNormalisation) throws -> FilterScores {
    try check()
    return FilterScores(layers.mapValues(normalisation.apply))
  }

  /// Checks that scores are finite numbers.
  ///
  /// - Throws: `EspalierError` naming a layer with one that is not.
  func check() throws {
    for (name, scores) in layers.sorted(by: { $0.key < $1.key }) {
      guard let filter = scores.firstIndex(where: { $0.map { !$0.isFinite } ?? false }), let score = scores[filter] else {
        continue
      }
      throw EspalierError("the score of filter \(filter) is \(score)", location: "layer '\(name)'", accepted: "finite numbers")
    }
  }

  /// A score for every class of coupled channels, by the class's number; nil where no filter that makes it has one.
  ///
  /// - Throws: `EspalierError` naming a layer whose scores are not one a filter, or not finite.
  public func ofClasses(in groups: ChannelGroups, by reduction: ScoreReduction) throws -> [Double?] {
    var result = [Double?](repeating: nil, count: groups.map.classes.count)
    var checked: Set<Int> = []
    try check()
    for group in groups.removable {
      for layer in group.layers where checked.insert(layer.id).inserted {
        guard let scores = layers[layer.name] else { continue }
        let filters = groups.map.linear.first { $0.node == layer.id }?.outputs.count ?? 0
        guard scores.count == filters else {
          throw EspalierError("\(scores.count) scores for \(filters) filters", location: "layer '\(layer.name)'")
        }
      }
      let names = Dictionary(group.layers.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
      for channel in group.channels {
        let members = channel.producers.flatMap { member in
          names[member.node].flatMap { layers[$0] }.map { scores in member.positions.compactMap { scores[$0] } } ?? []
        }
        result[channel.id] = reduction.apply(members)
      }
    }
    return result
  }
}

/// How the scores of layers are made comparable.
public enum ScoreNormalisation: String, CaseIterable, Hashable, Sendable {
  /// As they are.
  case none
  /// Divided by the layer's sum of magnitudes.
  case sum
  /// Divided by the layer's root of the sum of squares (Molchanov et al. 2017).
  case l2
  /// Divided by the layer's greatest magnitude.
  case max
  /// The share of the layer's filters that score less; equals share their positions.
  case rank

  /// The scores of a layer on the common scale; a layer of zeros stays, and a filter without a score is as if it were not there.
  func apply(_ scores: [Double?]) -> [Double?] {
    let present = scores.compactMap { $0 }
    func divided(by scale: Double) -> [Double?] { scale > 0 ? scores.map { $0.map { $0 / scale } } : scores }
    switch self {
    case .none: return scores
    case .sum: return divided(by: present.reduce(0) { $0 + abs($1) })
    case .l2: return divided(by: present.reduce(0) { $0 + $1 * $1 }.squareRoot())
    case .max: return divided(by: present.reduce(0) { Swift.max($0, abs($1)) })
    case .rank:
      var positions: [Double: (sum: Int, count: Int)] = [:]
      for (position, score) in present.sorted().enumerated() {
        let seen = positions[score] ?? (0, 0)
        positions[score] = (seen.sum + position, seen.count + 1)
      }
      return scores.map { score in
        score.flatMap { positions[$0] }.map { Double($0.sum) / Double($0.count) / Double(Swift.max(present.count, 1)) }
      }
    }
  }
}

/// How the scores of coupled filters become one.
public enum ScoreReduction: String, CaseIterable, Hashable, Sendable {
  /// Their sum: what goes when all go.
  case sum
  /// Their mean.
  case mean
  /// The greatest.
  case max
  /// That of the first layer in execution order.
  case first

  /// One score of the members', or nil where there are none.
  func apply(_ scores: [Double]) -> Double? {
    guard let first = scores.first else { return nil }
    return switch self {
    case .sum: scores.reduce(0, +)
    case .mean: scores.reduce(0, +) / Double(scores.count)
    case .max: scores.reduce(first, Swift.max)
    case .first: first
    }
  }
}
