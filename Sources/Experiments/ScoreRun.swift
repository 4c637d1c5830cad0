import Analysis
import Datasets
import Foundation
import Networks
import Pruning
import Results
import Tensors

/// Statistics, dissection and scores of every filter, from one pass over a data set; a second one before it finds thresholds.
public struct ScoreRun: Sendable {
  /// What is found out.
  public enum Purpose: Sendable {
    /// Statistics, `NAME[:key=value,…]`.
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
  /// A file of an earlier dissection to take thresholds from; nil to find them in a pass of their own.
  public var thresholds: String?
  /// The share of a layer's filters that get a vote.
  public var voteShare: Double
  /// The composite of relevance.
  public var composite: String
  /// Whose loss and relevance; nil for the label's, or the predicted class's where there are no labels.
  public var target: RelevanceTarget?
  /// What relevance starts from.
  public var start: RelevanceStart
  /// The images that a worker takes at a time.
  public var batch: Int
  /// The file to write.
  public var out: String
  /// The report of a dissection, if one is to be written.
  public var report: ReportRequest?

  /// Makes a run.
  public init(
    _ purpose: Purpose, sites: SiteRequest = SiteRequest(), concepts: ConceptSpec? = nil, quantile: Double = 0.005,
    thresholds: String? = nil,
    voteShare: Double = 0.1, composite: String = CompositeCatalog.names[0], target: RelevanceTarget? = nil,
    start: RelevanceStart = .oneHot, batch: Int = 32, out: String, report: ReportRequest? = nil
  ) {
    self.purpose = purpose
    self.sites = sites
    self.concepts = concepts
    self.quantile = quantile
    self.thresholds = thresholds
    self.voteShare = voteShare
    self.composite = composite
    self.target = target
    self.start = start
    self.batch = batch
    self.out = out
    self.report = report
  }

  /// The bytes that exact thresholds may take; above, they are those of a sample of the shards.
  static let thresholdBytes = 1 << 28

  /// Computes and writes, or goes on where the same run was stopped.
  ///
  /// - Returns: what was found, layer by layer.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> FilterReport {
    let files = [thresholds, CompositeCatalog.isFile(composite) ? composite : nil].compactMap { $0 }
    let run = try AnalysisRun(
      model, on: request, concepts: concepts, target: target, batch: batch, out: out, reading: files, context)
    if let report {
      try OutputPath.prepare(report.page, notReplacing: model.files + request.files + (concepts?.files ?? []) + files)
      try OutputPath.requireDistinct([out, report.page])
      _ = try run.thumbnailSize()
    }
    // The loss of a class that was only predicted says little of what a filter does for the true one: that must be asked for.
    let hasTarget = try target != nil || run.data.isLabelled()
    let statistics = try chosenStatistics(hasTarget: hasTarget)
    let dissects = try run.concepts != nil && isDissecting()
    let phases = Set(statistics.map { $0.type.phase }).union([.forward])
    if let ofLoss = statistics.first(where: { $0.type.phase == .gradient }), !run.target.isClass {
      throw ScoreRun.needsClass(ofLoss.text, run.target)
    }
    let plan = try naming(file: model.path) {
      try AnalysisPlan(
        model.graph,
        AnalysisRequest(
          sites: sites, phases: phases,
          composite: phases.contains(.relevance) ? try CompositeCatalog.composite(composite) : nil, start: start,
          batch: run.batch, output: model.output, keepsMaps: run.shards < context.workers))
    }
    if dissects, let site = plan.sites.first(where: { !$0.isPlanar }) {
      throw EspalierError(
        "its output has no rows and columns for masks to be compared with", location: "layer '\(site.title)'",
        accepted: "--layers with outputs [N, C, H, W]")
    }
    if let head = plan.skippedHead { context.note("\(model.path): \(head) is left out") }
    let elsewhere = try criteria(dissects: dissects, hasTarget: hasTarget).filter { name in
      ScoreCatalog.statistics.contains { $0.name == ParameterList.name(of: name) && $0.site == .activation }
    }
    if sites.kind == .linear, !elsewhere.isEmpty {
      context.note("\(elsewhere.joined(separator: ", ")): before the activation; --site activation takes them behind it")
    }
    var provenance = try run.provenance
    provenance["site"] = sites.kind.rawValue
    if let file = self.thresholds {
      guard dissects else {
        throw EspalierError("there is nothing to use thresholds for", file: file, accepted: "--concepts, for iou and votes")
      }
    }
    var thresholds = Thresholds(values: [], description: "", quantile: "")
    if dissects {
      if let site = plan.sites.first(where: { $0.shape.rows > 1 }) {
        throw EspalierError(
          "an image has \(site.shape.rows) maps a channel there, whose positions in the image are not known",
          location: "layer '\(site.title)'", accepted: "one map a channel and image; --layers chooses other layers")
      }
      thresholds = try self.thresholds.map { try readThresholds($0, plan.sites, model) } ?? findThresholds(run, model, context)
      if self.thresholds != nil { context.note("thresholds: \(thresholds.description)") }
      provenance["thresholds"] = thresholds.description
      provenance["quantile"] = thresholds.quantile
      provenance["vote_share"] = "\(voteShare)"
      provenance["concepts_spec"] = concepts!.description
    }
    if phases.contains(.relevance) {
      provenance["composite"] = try CompositeCatalog.composite(composite).description
      provenance["start"] = start.rawValue
    }
    if case .statistics(let texts) = purpose { provenance["statistics"] = texts.joined(separator: " ") }
    let dissection = dissects ? DissectionSettings(vocabulary: run.concepts!.vocabulary, voteShare: voteShare) : nil
    let shapes = plan.sites.map(\.shape)
    let known = thresholds.values
    var job = JobIdentity("score")
    job.add("sites", sites)
    job.add("statistics", statistics.map(\.text).joined(separator: " "), default: "")
    job.add("thresholds", dissects ? thresholds.digest : nil)
    job.add("composite", provenance["composite"])
    job.add("start", start.rawValue, default: RelevanceStart.oneHot.rawValue)
    job.add("vote-share", dissects ? voteShare : nil)
    job.add("exemplars", report?.images)
    let state = try run.pass(dissects ? "dissect" : "observe", plan, job: job) {
      AnalysisState(
        shapes.enumerated().map { position, shape in
          SiteAccumulators(
            statistics.map { (phase: $0.type.phase, accumulator: $0.make(shape)) }
              + (dissection.map {
                [(phase: Phase.forward, accumulator: DissectionAccumulator(shape, thresholds: known[position], $0))]
              } ?? []))
        })
    }
    var found = FilterReport(
      layers: zip(plan.sites, state.sites).map { site, accumulators in
        FilterReport.Layer(
          layer: ResultLayer(site), title: site.title,
          statistics: accumulators.all.flatMap { ($0 as? any Statistic)?.results ?? [] },
          dissection: accumulators.all.lazy.compactMap { ($0 as? DissectionAccumulator)?.result }.first)
      }, vocabulary: dissection?.vocabulary, criteria: try criteria(dissects: dissects, hasTarget: hasTarget),
      images: run.data.dataset.count)
    if let report {
      let exemplars = try run.exemplars(plan, found.layers, report)
      for position in exemplars.indices { found.layers[position].exemplars = exemplars[position] }
    }
    try found.write(to: out, provenance: provenance)
    if let report { try ReportPage(found, run.data, provenance, context).write(to: report.page) }
    run.finish("thresholds", "found", "dissect", "observe")
    return found
  }

  /// The thresholds of all sites, from a pass of its own.
  private func findThresholds(_ run: AnalysisRun, _ model: Model, _ context: RunContext) throws -> Thresholds {
    let plan = try AnalysisPlan(
      model.graph, AnalysisRequest(sites: sites, batch: run.batch, output: model.output, keepsMaps: run.shards < context.workers))
    let images = run.data.dataset.count
    let need = plan.sites.reduce(0) {
      $0 + $1.shape.channels * ThresholdAccumulator.byteCount(share: quantile, images: images, area: $1.shape.area)
    }
    var chosen: [Int]?
    var seen = images
    if need > ScoreRun.thresholdBytes {
      let count = max(1, Int(Double(run.shards) * Double(ScoreRun.thresholdBytes) / Double(need)))
      let shards = (0..<count).map { $0 * run.shards / count }
      seen = shards.reduce(0) { $0 + min(run.batch, images - $1 * run.batch) }
      chosen = shards
    }
    let description =
      chosen == nil
      ? "exact quantile over all \(images.of("image"))"
      : "exact quantile over \(seen) of \(images) images, evenly spaced in batches"
    context.note("thresholds: \(description)")
    var job = JobIdentity("thresholds")
    job.add("sites", self.sites)
    job.add("quantile", quantile)
    job.add("images", seen)
    let store = try run.store("found", job: job)
    if let found = try store.load(note: context.note).map({ try decoded($0, plan.sites) }) {
      return Thresholds(values: found, description: description, quantile: "\(quantile)")
    }
    let (share, total) = (quantile, seen)
    let sites = plan.sites.map { ($0.shape, ThresholdAccumulator.Floors(channels: $0.shape.channels)) }
    let state = try run.pass("thresholds", plan, shards: chosen, job: job) {
      AnalysisState(
        sites.map { shape, floors in
          SiteAccumulators([(.forward, ThresholdAccumulator(shape, share: share, images: total, floors: floors))])
        })
    }
    let found = state.sites.map { ($0.all[0] as? ThresholdAccumulator)?.thresholds ?? [] }
    // A run that is stopped later need not look for them again.
    var encoder = StateEncoder()
    for thresholds in found { encoder.append(thresholds) }
    try store.save(encoder.bytes)
    run.finish("thresholds")
    return Thresholds(values: found, description: description, quantile: "\(quantile)")
  }

  private func decoded(_ saved: Data, _ sites: [Site]) throws -> [[Float]] {
    var state = StateDecoder(saved)
    return try sites.map { try state.array(of: Float.self, count: $0.shape.channels) }
  }

  private func chosenStatistics(hasTarget: Bool) throws -> [StatisticRequest] {
    switch purpose {
    case .statistics(let texts): return try StatisticCatalog.requests(texts)
    case .dissection:
      var settings = StatisticSettings()
      if let report { settings.top = report.images }
      return [MomentsStatistic.self, RangeStatistic.self, ZerosStatistic.self].map { StatisticRequest($0) }
        + (report == nil ? [] : [StatisticRequest(TopImagesStatistic.self, settings)])
    case .scores:
      let wanted = try criteria(dissects: true, hasTarget: hasTarget).compactMap { try ScoreCatalog.request($0)?.statistic }
      return try StatisticCatalog.all.compactMap { statistic in
        let requests = wanted.filter { $0.type == statistic }
        if let first = requests.first, let other = requests.first(where: { $0.text != first.text }) {
          throw EspalierError(
            "'\(first.text)' and '\(other.text)' are one statistic with other parameters", location: "--criterion",
            accepted: "one of them a file")
        }
        return requests.first
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

  /// A criterion of the loss, and a target that is not a class.
  static func needsClass(_ criterion: String, _ target: RelevanceTarget) -> EspalierError {
    EspalierError(
      "'\(criterion)' is of the loss of a class, and '\(target.text)' is none", location: "--target",
      accepted: "label, predicted, data, or a class")
  }

  /// A criterion of the loss, and images without labels.
  static func needsLabels(_ criterion: String) -> EspalierError {
    EspalierError(
      "'\(criterion)' needs labels: it is of their loss", location: "--criterion",
      accepted: "labelled images, or --target predicted")
  }

  /// The names of the criteria; `all` stands for every one that the data allow.
  ///
  /// - Parameter hasTarget: whether it is known whose loss gradients are of.
  private func criteria(dissects: Bool, hasTarget: Bool = true) throws -> [String] {
    guard case .scores(let names) = purpose else { return [] }
    let requests = try names.filter { $0 != "all" }.map { text in
      if let request = try ScoreCatalog.request(text) { return request }
      let name = ParameterList.name(of: text)
      guard CriterionCatalog.names.contains(name) else {
        throw EspalierError(
          unknown: "criterion", name, among: ["all"] + ScoreCatalog.names, topic: "criteria", location: "--criterion")
      }
      throw EspalierError(
        "'\(name)' is not read from a statistic of a site, which is all that a file of scores holds", location: "--criterion",
        accepted: "espalier prune or sensitivity with --criterion \(name)")
    }
    let ofDissection = ScoreCatalog.dissection.map { $0.name }
    if concepts == nil, let name = requests.map(\.name).first(where: ofDissection.contains) {
      throw EspalierError("'\(name)' needs masks", location: "--criterion", accepted: "--concepts \(ConceptSpec.forms)")
    }
    let ofLoss = ScoreCatalog.statistics.filter { $0.statistic.phase == .gradient }.map(\.name)
    if !hasTarget, let name = requests.map(\.name).first(where: ofLoss.contains) {
      throw ScoreRun.needsLabels(name)
    }
    let isAll = names.contains("all")
    return ScoreCatalog.names.filter { name in
      (hasTarget || !ofLoss.contains(name)) && (concepts != nil && dissects || !ofDissection.contains(name))
    }.flatMap { name -> [String] in
      let texts = requests.filter { $0.name == name }.map(\.text)
      return (isAll && texts.isEmpty ? [name] : [])
        + texts.indices.filter { texts.firstIndex(of: texts[$0]) == $0 }.map { texts[$0] }
    }
  }
}
