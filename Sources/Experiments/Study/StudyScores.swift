import Analysis
import Compression
import Pruning
import Tensors

/// How arms agree on which filters count, by the scores of their first pruning.
struct StudyScores {
  /// The scores of an arm by layer.
  private let arms: [(name: String, scores: FilterScores)]
  private let network: String

  /// Reads the scores of a network's arms, those of the first seed and budget.
  ///
  /// Damaged files are left out.
  init(_ results: StudyResults, network: String, in store: StepStore) {
    self.network = network
    var seen: Set<String> = []
    arms = results.arms(on: network).compactMap { arm in
      // Their scores are those of the first method.
      if arm.control == .scratchE || arm.control == .scratchB { return nil }
      let states = arm.points.first?.runs.first?.entry.states
      guard let text = states?.first(where: { $0.step == PruneStep.name })?.scores, let job = JobIdentity(text: text),
        // Arms that differ in what is kept have the same scores.
        seen.insert(text).inserted,
        let bytes = (try? StateFile(PruneStep.scoresFile(job, in: store), job: job).load()).flatMap({ $0 }),
        let scores = FilterScores(encoded: bytes)
      else { return nil }
      return (arm.name, scores)
    }
  }

  /// Spearman's correlations below the diagonal, Kendall's above, means over layers; nil for fewer than two arms.
  var table: ResultTable? {
    guard arms.count > 1, arms.count <= StudyResults.mostCompared else { return nil }
    let layers = Set(arms.flatMap(\.scores.layers.keys)).sorted()
    let lists = layers.compactMap { layer -> [[Double]]? in
      let own = arms.map { $0.scores.layers[layer] ?? [] }
      guard let count = own.map(\.count).max(), count > 1, own.allSatisfy({ $0.count == count }) else { return nil }
      // Of filters that all have a score.
      let known = (0..<count).filter { filter in own.allSatisfy { $0[filter] != nil } }
      return known.count > 1 ? own.map { scores in known.compactMap { scores[$0] } } : nil
    }
    guard !lists.isEmpty else { return nil }
    let spearman = RankCorrelation.mean(lists.map(RankCorrelation.matrix))
    let kendall = RankCorrelation.mean(lists.map(KendallCorrelation.matrix))
    return ResultTable(
      caption: "Rank correlation of scores: \(network)",
      columns: [.init("arm", isNumeric: false)] + arms.map { .init($0.name) },
      rows: arms.indices.map { row in
        ResultTable.Row(
          [.text(arms[row].name)]
            + arms.indices.map { column in
              let value = row == column ? 1 : row > column ? spearman[row, column] : kendall[row, column]
              return value.isFinite ? .number(value, decimals: 2) : .none
            })
      },
      notes: [
        "Below the diagonal Spearman's ρ, above it Kendall's τ-b, means over \(lists.count.of("layer")); scores of the first seed, before any pruning."
      ])
  }
}
