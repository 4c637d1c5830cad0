import Foundation
import Pruning
import Tensors

/// The chains of a study by network, arm and budget: what tables and figures are made of.
struct StudyResults {
  /// One arm at one budget, over seeds.
  struct Point {
    /// What is kept; nil where nothing is pruned.
    var budget: String?
    /// The share of a budget that is one; nil for others.
    var share: Double?
    /// By seed, in the study's order.
    var runs: [(seed: UInt64, entry: StudyEntry)]
  }

  /// One arm on one network.
  struct Arm {
    var network: String
    var name: String
    var control: Study.Control?
    /// The values of factors but the budget.
    var factors: [StudyJob.Factor]
    /// In the study's order.
    var points: [Point]
  }

  let title: String
  /// The networks and arms, in the study's order.
  let networks: [String]
  let arms: [String]
  /// By network, then as the study lists arms.
  let all: [Arm]
  /// What accuracy is: `accuracy`, `mean IoU` or `R²`.
  let measure: String
  /// Whether all networks are measured on the same images.
  let sharesImages: Bool
  /// The resamplings of bootstrap intervals.
  let bootstrap: Int

  init(_ study: Study, _ outcomes: [StudyOutcome]) {
    func unique(_ names: [String]) -> [String] {
      var seen: Set<String> = []
      return names.filter { seen.insert($0).inserted }
    }
    title = study.title
    bootstrap = study.report.bootstrap
    sharesImages = Set(study.networks.map(\.data)).count == 1
    let (networks, arms) = (unique(outcomes.map(\.job.network)), unique(outcomes.map(\.job.arm)))
    (self.networks, self.arms) = (networks, arms)
    measure = outcomes.lazy.compactMap { $0.entry.last.score?.measure }.first ?? "accuracy"
    all = networks.flatMap { network in
      arms.compactMap { arm -> Arm? in
        let own = outcomes.filter { $0.job.network == network && $0.job.arm == arm }
        guard let first = own.first else { return nil }
        let points = unique(own.map { $0.job.budget ?? "" }).map { budget in
          Point(
            budget: budget.isEmpty ? nil : budget, share: (try? Budget(budget))?.share,
            runs: own.filter { ($0.job.budget ?? "") == budget }.map { ($0.job.seed, $0.entry) })
        }
        return Arm(
          network: network, name: arm, control: first.job.control,
          factors: first.job.factors.filter { $0.name != ChainTemplate.budget }, points: points)
      }
    }
  }

  /// The arms on a network.
  func arms(on network: String) -> [Arm] { all.filter { $0.network == network } }
}

extension StudyResults.Point {
  /// A number of every run.
  func values(_ value: (StudyEntry) -> Double?) -> [Double] { runs.compactMap { value($0.entry) } }

  /// What is left of the network after the chain, in parts of what it was.
  func left(_ size: KeyPath<StudyEntry.State, Int>) -> Double {
    let shares = runs.map { Double($0.entry.last[keyPath: size]) / Double(max($0.entry.first[keyPath: size], 1)) }
    return shares.reduce(0, +) / Double(max(shares.count, 1))
  }
}

extension StudyEntry {
  /// How good the network was before the chain, right after pruning, and at its end; nil where that is not known.
  var before: Double? { first.score?.value }
  var afterPruning: Double? { pruned?.score?.value }
  var after: Double? { last.score?.value }
}

extension StudyEntry.State {
  var macs: Int { footprint.macs }
  var parameters: Int { footprint.parameters }
}
