import Analysis
import Networks
import Pruning
import Scheduling
import Tensors

/// What units are judged by, and how the authors make layers comparable.
enum ToyCriterion: String, CaseIterable, Sendable {
  /// Σ |w|, ÷ the layer's sum.
  case weight
  /// |mean of the gradient|, ÷ the layer's Euclidean norm.
  case gradient
  /// |mean of activation times gradient|, ÷ the layer's Euclidean norm.
  case taylor
  /// Σ relevance, ÷ the layer's sum, with its sign.
  case lrp

  /// What the authors call it.
  var nameInLogs: String { self == .gradient ? "grad" : rawValue }

  /// The scores of the hidden layers by reference points.
  ///
  /// - Throws: `EspalierError` if the engine cannot.
  func scores(_ graph: Graph, _ groups: ChannelGroups, _ references: ToyPoints) throws -> FilterScores {
    if self == .weight {
      let scores = try CriterionCatalog.criterion("l1")!.scores(ScoredNetwork(groups))
      return try hidden(scores).normalised(.sum)
    }
    let (phase, statistic, result): (Phase, any Statistic.Type, String) =
      switch self {
      case .weight, .gradient: (.gradient, GradientStatistic.self, "gradient")
      case .taylor: (.gradient, TaylorStatistic.self, "taylor-signed")
      case .lrp: (.relevance, RelevanceStatistic.self, "relevance")
      }
    let batch = min(references.count, 100)
    let plan = try AnalysisPlan(
      graph,
      AnalysisRequest(
        sites: SiteRequest(matching: ToyNetwork.hidden), phases: [phase],
        composite: self == .lrp ? Composite("toy", rules: [.dense: ToyRule(), .relu: PassRule()]) : nil, start: .logit,
        batch: batch))
    let sites = plan.sites
    let settings = StatisticSettings()
    let state = try AnalysisPass(
      plan, shards: (references.count + batch - 1) / batch,
      read: { shard in
        let range = shard * batch..<min((shard + 1) * batch, references.count)
        return AnalysisShard(
          input: references.points.rows(range), images: ShardImages(indices: Array(range), labels: []),
          targets: range.map { .index(references.labels[$0]) })
      },
      fresh: {
        AnalysisState(sites.map { SiteAccumulators([(phase: phase, accumulator: statistic.init($0.shape, settings))]) })
      }
    ).run(BlockScheduler(width: 1))
    var layers: [String: [Double]] = [:]
    for (site, accumulators) in zip(plan.sites, state.sites) {
      let results = (accumulators.all[0] as? any Statistic)?.results ?? []
      layers[site.layer.name] = results.first { $0.name == result }?.values.elements
    }
    if self == .lrp {
      return FilterScores(
        layers.mapValues { values in
          let sum = values.reduce(0, +)
          return values.map { sum == 0 ? 0 : $0 / sum }
        })
    }
    return try FilterScores(layers.mapValues { $0.map { abs($0) } }).normalised(.l2)
  }

  private func hidden(_ scores: FilterScores) -> FilterScores {
    FilterScores(scores.layers.filter { ToyNetwork.hidden.contains($0.key) })
  }
}

/// The authors' z⁺: `R_in = x · W⁺ᵀ (R / (W⁺ x))`, with the input as it is, whatever its sign, and no bias.
private struct ToyRule: Rule {
  static let name = "toy"

  init() {}

  init(_ parameters: inout ParameterList) throws {}

  var behaviour: RuleBehaviour {
    .decomposition([RulePart([.init(.asIs, .positivePart)], stabilizer: Stabilizer(epsilon: 1e-9))])
  }
}
