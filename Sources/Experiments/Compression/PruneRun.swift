import Compression
import Datasets
import Foundation
import Networks
import Pruning
import Tensors

/// Makes a network smaller: scores, chooses under a budget, removes with proof, tunes; at once or step by step.
///
/// It is a chain of pruning and tuning steps.
public struct PruneRun: Sendable {
  /// How it is pruned, with the whole budget.
  public var pruning: PruneStep
  /// In how many steps the budget is reached; after each the network is tuned, and scored again before the next.
  public var steps: Int
  /// How the network is tuned after each step, and the images for that; nil for not at all.
  public var tuning: TuneStep?
  /// The images that accuracy is measured on; nil for those of the scoring.
  public var validation: DataRequest?
  /// The images of a pass whose time is measured; nil for no measurement.
  public var latencyBatch: Int?
  /// The file to write.
  public var out: String

  /// Makes a run.
  public init(
    _ pruning: PruneStep, steps: Int = 1, tuning: TuneStep? = nil, validation: DataRequest? = nil, latencyBatch: Int? = 1,
    out: String
  ) {
    self.pruning = pruning
    self.steps = steps
    self.tuning = tuning
    self.validation = validation
    self.latencyBatch = latencyBatch
    self.out = out
  }

  /// Prunes and writes, or goes on where the same run was stopped.
  ///
  /// Steps that are done lie in a folder beside the result, which goes when that is whole.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, _ context: RunContext) throws -> PruneReport {
    let chain = ChainRun(
      steps: (1...steps).flatMap { number -> [any MethodStep] in
        var step = pruning
        step.part = (number, steps)
        step.latencyBatch = latencyBatch ?? 1
        return [step] + (tuning.map { [$0] } ?? [])
      }, validation: validation ?? pruning.scoring.data, batch: pruning.scoring.statistics.batch, store: .besideResult, out: out)
    return try report(model, chain.run(model, context))
  }

  private func report(_ model: Model, _ outcome: ChainRun.Outcome) throws -> PruneReport {
    let final = outcome.networks[outcome.networks.count - 1]
    func filters(_ graph: Graph) throws -> Int {
      try LiveNetwork(ChannelMap(graph, groups: pruning.groups, heads: pruning.heads)).cost.filters
    }
    let last = outcome.lastPruning ?? 0
    let details = try PruneStep.Details(outcome.results[last].outcome)
    let record = outcome.records[last].score
    let accuracy = record.map { score in
      PruneReport.Accuracy(
        measure: score.measure, data: score.data, images: score.images, before: outcome.scores[0].value,
        pruned: outcome.scores[last + 1].value, tuned: tuning.map { _ in outcome.scores[outcome.scores.count - 1].value })
    }
    let timed = try latencyBatch.map { try LatencyMeter.profile([model.graph, final], batch: $0) }
    let proofs = outcome.records.compactMap { $0.step == PruneStep.name ? $0.proof : nil }
    return PruneReport(
      criterion: try pruning.scoring.criterion, budget: "\(pruning.selection.rule)",
      networks: try NetworkComparison(model.graph, final),
      filters: .init(before: try filters(model.graph), after: try filters(final)), accuracy: accuracy,
      latency: timed?.0, profile: timed?.1, notes: outcome.notes, proof: proofs.reduce(.none) { $0.and($1) },
      reconstruction: details.reconstructed.isEmpty ? nil : details.reconstructed)
  }
}
