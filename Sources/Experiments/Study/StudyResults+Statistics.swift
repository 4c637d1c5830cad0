import Analysis
import Foundation
import Tensors

extension StudyResults {
  /// A number of an arm with its interval.
  struct Estimate {
    var mean: Double
    var interval: ClosedRange<Double>?
  }

  /// Whether arms are compared over budgets, or at one.
  var isOverBudgets: Bool { all.contains { curve($0) != nil } }

  /// What an arm comes to in one run: for every image the share of budgets, as the area weighs them, at which it is told right.
  private struct Outcome {
    var seed: UInt64
    var value: Double
    /// By image; nil where what is right is not one class.
    var images: [Double]?
    /// The networks at the end of the chains.
    var networks: [String]
  }

  /// The budgets' shares, ascending, with the weights of their points in the area under the curve.
  ///
  /// Nil for an arm that lacks a budget of another, or where there are fewer than two or several kinds: areas over different budgets do
  /// not compare.
  private func curve(_ arm: Arm) -> (points: [Point], weights: [Double])? {
    let points = arm.points.filter { $0.share != nil }.sorted { ($0.share ?? 0) < ($1.share ?? 0) }
    let budgets = Set(all.filter { $0.network == arm.network }.flatMap(\.points).compactMap { $0.share == nil ? nil : $0.budget })
    let kinds = Set(budgets.map { $0.prefix { $0 != "=" } })
    guard points.count > 1, points.count == arm.points.count, Set(points.compactMap(\.budget)) == budgets, kinds.count == 1,
      let weights = try? AreaUnderCurve(over: points.map { $0.share ?? 0 }).weights
    else { return nil }
    return (points, weights)
  }

  /// The runs of an arm, each as one number; nothing where a budget lacks a seed.
  private func outcomes(_ arm: Arm) -> [Outcome] {
    let (points, weights): ([Point], [Double])
    if let curve = curve(arm) {
      (points, weights) = curve
    } else if arm.points.count == 1 {
      (points, weights) = (arm.points, [1])
    } else {
      return []
    }
    return (points.first?.runs.map(\.seed) ?? []).compactMap { seed in
      let entries = points.compactMap { point in point.runs.first { $0.seed == seed }?.entry }
      let values = entries.compactMap(\.after)
      guard values.count == points.count else { return nil }
      let correct = entries.compactMap { $0.last.score?.right }
      var images: [Double]?
      if correct.count == points.count, let count = correct.first?.count, correct.allSatisfy({ $0.count == count }) {
        images = (0..<count).map { image in
          zip(correct, weights).reduce(0) { $0 + ($1.0[image] ? $1.1 : 0) }
        }
      }
      return Outcome(
        seed: seed, value: zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 }, images: images,
        networks: entries.map(\.last.digest))
    }
  }

  /// A mean of outcomes with its interval: over seeds and images, or over seeds alone where images are not told apart.
  func estimate(_ values: [Double], _ images: [[Double]?]) -> Estimate {
    let mean = Moments(values).mean
    let known = images.compactMap { $0 }
    if known.count == values.count, !known.isEmpty, Set(known.map(\.count)).count == 1 {
      return Estimate(mean: mean, interval: Bootstrap.interval(ofMean: known, samples: bootstrap))
    }
    return Estimate(mean: mean, interval: Interval.ofMean(values))
  }

  /// What a factor's value comes to on a network: the mean over all arms that have it, whatever the other factors.
  struct Effect {
    var factor: StudyJob.Factor
    var network: String
    /// Over arms and seeds.
    var outcomes: Moments
  }

  /// The values of all factors of which several were tried; none where there is one factor, whose values are the arms.
  func effects() -> [Effect] {
    let tried = all.filter { $0.control == nil && (!isOverBudgets || curve($0) != nil) }
    var values: [StudyJob.Factor] = []
    for factor in tried.flatMap(\.factors) where !values.contains(factor) { values.append(factor) }
    let varied = values.filter { factor in values.contains { $0.name == factor.name && $0.value != factor.value } }
    guard Set(varied.map(\.name)).count > 1 else { return [] }
    let known = tried.map { ($0, outcomes($0).map(\.value)) }
    let names = values.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return names.flatMap { name in
      varied.filter { $0.name == name }.flatMap { factor in
        networks.compactMap { network -> Effect? in
          let own = known.filter { $0.0.network == network && $0.0.factors.contains(factor) }.flatMap(\.1)
          return own.isEmpty ? nil : Effect(factor: factor, network: network, outcomes: Moments(own))
        }
      }
    }
  }

  /// Arms that prune, by their mean rank over networks, with their areas; none where there are fewer than two budgets.
  func rankedByArea() -> [(arm: String, areas: [Estimate?], rank: Double?)] {
    guard isOverBudgets else { return [] }
    let curved = arms.filter { name in all.contains { $0.name == name && curve($0) != nil } }
    var rows = curved.map { name -> (arm: String, areas: [Estimate?], rank: Double?) in
      let areas = networks.map { network -> Estimate? in
        guard let arm = all.first(where: { $0.name == name && $0.network == network }), curve(arm) != nil else { return nil }
        let outcomes = outcomes(arm)
        return outcomes.isEmpty ? nil : estimate(outcomes.map(\.value), outcomes.map(\.images))
      }
      return (name, areas, nil)
    }
    var ranks = [[Double]](repeating: [], count: rows.count)
    for column in networks.indices {
      let present = rows.indices.filter { rows[$0].areas[column] != nil }
      let own = RankCorrelation.ranks(present.map { -(rows[$0].areas[column]?.mean ?? 0) })
      for (row, rank) in zip(present, own) { ranks[row].append(rank) }
    }
    for row in rows.indices where ranks[row].count == networks.count {
      rows[row].rank = ranks[row].reduce(0, +) / Double(networks.count)
    }
    let order = rows.indices.sorted {
      (rows[$0].rank ?? .infinity, -(rows[$0].areas[0]?.mean ?? 0), $0) < (
        rows[$1].rank ?? .infinity, -(rows[$1].areas[0]?.mean ?? 0), $1
      )
    }
    return order.map { rows[$0] }
  }

  /// The most arms that are compared in pairs.
  static let mostCompared = 20

  /// Two arms compared over the networks and seeds that both have.
  struct Comparison {
    var arm: String, other: String
    /// The mean of the first less that of the other.
    var difference: Double
    var interval: ClosedRange<Double>?
    var pairs: Int
    /// Of a permutation test of the signs, and corrected for all comparisons; nil where there is one pair.
    var p: Double?, holm: Double?
  }

  /// Every two arms that can be compared, in the study's order.
  ///
  /// None where there are more than ``mostCompared``: of so many comparisons none could be told from chance.
  func comparisons() -> [Comparison] {
    guard arms.count <= StudyResults.mostCompared else { return [] }
    let isOverBudgets = isOverBudgets
    let known = all.map { arm in (arm, !isOverBudgets || curve(arm) != nil ? outcomes(arm) : []) }
    var comparisons: [Comparison] = []
    for (position, arm) in arms.enumerated() {
      for other in arms[(position + 1)...] {
        var differences: [Double] = []
        var images: [[Double]?] = []
        for network in networks {
          func own(_ name: String) -> [Outcome] { known.first { $0.0.name == name && $0.0.network == network }?.1 ?? [] }
          let (first, second) = (own(arm), own(other))
          // What no seed changes is one observation, however often it was made.
          let isFixed = Set(first.map(\.networks)).count == 1 && Set(second.map(\.networks)).count == 1
          for outcome in isFixed ? Array(first.prefix(1)) : first {
            guard let twin = second.first(where: { $0.seed == outcome.seed }) else { continue }
            differences.append(outcome.value - twin.value)
            if sharesImages, let a = outcome.images, let b = twin.images, a.count == b.count {
              images.append(zip(a, b).map { $0 - $1 })
            } else {
              images.append(nil)
            }
          }
        }
        guard !differences.isEmpty else { continue }
        let estimate = estimate(differences, images)
        let test = PairedTest.signs(of: differences)
        comparisons.append(
          Comparison(
            arm: arm, other: other, difference: estimate.mean, interval: estimate.interval, pairs: differences.count,
            p: test?.p))
      }
    }
    let corrected = Holm.adjusted(comparisons.compactMap(\.p))
    var next = corrected.makeIterator()
    for position in comparisons.indices where comparisons[position].p != nil { comparisons[position].holm = next.next() }
    return comparisons
  }
}
