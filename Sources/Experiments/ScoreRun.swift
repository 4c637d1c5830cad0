import Analysis
import Datasets
import Networks
import Results
import Tensors

/// Statistics, dissection and scores of every filter, from one pass over a data set; a second one before it finds thresholds.
public struct ScoreRun: Sendable {
  /// What is found out.
  public enum Purpose: Sendable {
    /// Statistics, by name.
    case statistics([String])
    /// IoU and votes.
    case dissection
    /// Scores, by the name of the criterion.
    case scores([String])
  }

  /// What is found out.
  public var purpose: Purpose
  /// Where in the network.
  public var sites: SiteRequest
  /// Where concept masks come from; nil for none.
  public var concepts: ConceptSpec?
  /// The share of activations above the threshold of a unit.
  public var quantile: Double
  /// The share of a layer's filters that get a vote.
  public var voteShare: Double
  /// The composite of relevance.
  public var composite: String
  /// Whose loss and relevance; nil for the label's, or the predicted class's where there are no labels.
  public var target: RelevanceTarget?
  /// What relevance starts from.
  public var start: RelevanceStart
  /// The pictures that a worker takes at a time.
  public var batch: Int
  /// The file to write.
  public var out: String

  /// Makes a run.
  public init(
    _ purpose: Purpose, sites: SiteRequest = SiteRequest(), concepts: ConceptSpec? = nil, quantile: Double = 0.005,
    voteShare: Double = 0.1, composite: String = CompositeCatalog.names[0], target: RelevanceTarget? = nil,
    start: RelevanceStart = .oneHot, batch: Int = 32, out: String
  ) {
    self.purpose = purpose
    self.sites = sites
    self.concepts = concepts
    self.quantile = quantile
    self.voteShare = voteShare
    self.composite = composite
    self.target = target
    self.start = start
    self.batch = batch
    self.out = out
  }

  /// The bytes that exact thresholds may take; above, they are those of a sample of the shards.
  static let thresholdBytes = 1 << 28

  /// Computes and writes, or goes on where the same run was stopped.
  ///
  /// - Returns: what was found, layer by layer.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> FilterReport {
    let run = try AnalysisRun(model, on: request, concepts: concepts, target: target, batch: batch, out: out, context)
    let statistics = try chosenStatistics()
    let dissects = try run.concepts != nil && isDissecting()
    let phases = Set(statistics.map { $0.phase }).union([.forward])
    let plan = try naming(file: model.path) {
      try AnalysisPlan(
        model.graph,
        AnalysisRequest(
          sites: sites, phases: phases,
          composite: phases.contains(.relevance) ? try CompositeCatalog.composite(composite) : nil, start: start,
          batch: run.batch, output: model.output, keepsMaps: run.shards < context.workers))
    }
    if let head = plan.skippedHead { context.note("\(model.path): \(head) is left out") }
    var provenance = try run.provenance
    var thresholds: [[Float]] = []
    if dissects {
      let found = try findThresholds(run, model, context)
      thresholds = found.thresholds
      provenance["thresholds"] = found.description
      provenance["quantile"] = "\(quantile)"
      provenance["vote_share"] = "\(voteShare)"
      provenance["concepts_spec"] = concepts!.description
    }
    if phases.contains(.relevance) {
      provenance["composite"] = try CompositeCatalog.composite(composite).description
      provenance["start"] = start.rawValue
    }
    let settings = StatisticSettings()
    let dissection = dissects ? DissectionSettings(vocabulary: run.concepts!.vocabulary, voteShare: voteShare) : nil
    let shapes = plan.sites.map(\.shape)
    let known = thresholds
    let state = try run.pass(
      dissects ? "dissect" : "observe", plan,
      key:
        "\(sites) \(statistics.map { $0.name }) \(provenance["thresholds"] ?? "") \(quantile) \(voteShare) \(composite) \(start)"
    ) {
      AnalysisState(
        shapes.enumerated().map { place, shape in
          SiteAccumulators(
            statistics.map { (phase: $0.phase, accumulator: $0.init(shape, settings)) }
              + (dissection.map {
                [(phase: Phase.forward, accumulator: DissectionAccumulator(shape, thresholds: known[place], $0))]
              } ?? []))
        })
    }
    let report = FilterReport(
      layers: zip(plan.sites, state.sites).map { site, accumulators in
        FilterReport.Layer(
          layer: ResultLayer(site), title: site.title,
          statistics: accumulators.all.flatMap { ($0 as? any Statistic)?.results ?? [] },
          dissection: accumulators.all.lazy.compactMap { ($0 as? DissectionAccumulator)?.result }.first)
      }, vocabulary: dissection?.vocabulary, criteria: try criteria(dissects: dissects), pictures: run.data.dataset.count)
    try report.write(to: out, provenance: provenance)
    run.finish("thresholds", "dissect", "observe")
    return report
  }

  /// The thresholds of all sites, from a pass of its own.
  private func findThresholds(_ run: AnalysisRun, _ model: Model, _ context: RunContext) throws
    -> (thresholds: [[Float]], description: String)
  {
    let plan = try AnalysisPlan(
      model.graph, AnalysisRequest(sites: sites, batch: run.batch, output: model.output, keepsMaps: run.shards < context.workers))
    let pictures = run.data.dataset.count
    let need = plan.sites.reduce(0) {
      $0 + $1.shape.channels * ThresholdAccumulator.byteCount(share: quantile, pictures: pictures, area: $1.shape.area)
    }
    var chosen: [Int]?
    var seen = pictures
    if need > ScoreRun.thresholdBytes {
      let count = max(1, Int(Double(run.shards) * Double(ScoreRun.thresholdBytes) / Double(need)))
      let shards = (0..<count).map { $0 * run.shards / count }
      seen = shards.reduce(0) { $0 + min(run.batch, pictures - $1 * run.batch) }
      chosen = shards
    }
    let description =
      chosen == nil
      ? "exact quantile over all \(pictures) pictures"
      : "exact quantile over \(seen) of \(pictures) pictures, evenly spaced in batches"
    context.note("thresholds: \(description)")
    let (share, total) = (quantile, seen)
    let sites = plan.sites.map { ($0.shape, ThresholdAccumulator.Floors(channels: $0.shape.channels)) }
    let state = try run.pass("thresholds", plan, shards: chosen, key: "\(self.sites) \(quantile) \(seen)") {
      AnalysisState(
        sites.map { shape, floors in
          SiteAccumulators([(.forward, ThresholdAccumulator(shape, share: share, pictures: total, floors: floors))])
        })
    }
    return (state.sites.map { ($0.all[0] as? ThresholdAccumulator)?.thresholds ?? [] }, description)
  }

  private func chosenStatistics() throws -> [any Statistic.Type] {
    switch purpose {
    case .statistics(let names):
      return try names.map { name in
        guard let statistic = StatisticCatalog.all.first(where: { $0.name == name }) else {
          throw EspalierError(
            "there is no statistic '\(name)'", place: "--statistic",
            accepted: StatisticCatalog.all.map { $0.name }.joined(separator: ", "))
        }
        return statistic
      }
    case .dissection: return [MomentsStatistic.self, RangeStatistic.self, ZerosStatistic.self]
    case .scores:
      let wanted = try criteria(dissects: true)
      return StatisticCatalog.all.filter { statistic in
        ScoreCatalog.statistics.contains { wanted.contains($0.name) && $0.statistic == statistic }
      }
    }
  }

  private func isDissecting() throws -> Bool {
    switch purpose {
    case .statistics: return false
    case .dissection: return true
    case .scores: return try criteria(dissects: true).contains { name in ScoreCatalog.dissection.contains { $0.name == name } }
    }
  }

  /// The names of the criteria; `all` stands for every one that the data allow.
  private func criteria(dissects: Bool) throws -> [String] {
    guard case .scores(let names) = purpose else { return [] }
    for name in names where name != "all" && !ScoreCatalog.names.contains(name) {
      throw EspalierError(
        "there is no criterion '\(name)' that needs data", place: "--criterion",
        accepted: "all, " + ScoreCatalog.names.joined(separator: ", "))
    }
    let ofDissection = ScoreCatalog.dissection.map { $0.name }
    if concepts == nil, let name = names.first(where: ofDissection.contains) {
      throw EspalierError("'\(name)' needs masks", place: "--criterion", accepted: "--concepts \(ConceptSpec.forms)")
    }
    let isAll = names.contains("all")
    return ScoreCatalog.names.filter { name in
      (isAll || names.contains(name)) && (concepts != nil && dissects || !ofDissection.contains(name))
    }
  }
}
