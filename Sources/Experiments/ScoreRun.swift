import Analysis
import Datasets
import Files
import Foundation
import Networks
import Pruning
import Results
import Scheduling
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

    /// The verb that finds it out.
    var verb: String {
      switch self {
      case .statistics: "stats"
      case .dissection: "dissect"
      case .scores: "score"
      }
    }
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

  /// Computes and writes, or goes on where the same run was stopped.
  ///
  /// - Returns: what was found, layer by layer.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, on request: DataRequest, _ context: RunContext) throws -> FilterReport {
    let job = try prepare(model, on: request, context)
    let run = job.run
    let thresholds = try job.dissects ? self.thresholds(job, model) : nil
    let content = try content(job, thresholds)
    let fresh = content.fresh(job.statistics, thresholds: thresholds?.values ?? [])
    var found = FilterReport(content, try observe(job, content, thresholds, fresh).result(fresh))
    if let report {
      let exemplars = try run.exemplars(job.plan, found.layers, report)
      for position in exemplars.indices { found.layers[position].exemplars = exemplars[position] }
    }
    try found.write(to: out, provenance: content.provenance)
    if let report { try ReportPage(found, run.data, content.provenance, context).write(to: report.page) }
    run.finish("thresholds", "found", "dissect", "observe")
    return found
  }

  /// Computes a part of the images and writes it, or goes on where the same part was stopped.
  ///
  /// Without thresholds, a part of a dissection is one of the search for them.
  ///
  /// - Returns: what the part is of.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ part: DataPart, of model: Model, on request: DataRequest, _ context: RunContext) throws -> PartReport {
    if report != nil {
      throw EspalierError(
        "a report needs what all parts find", location: "--report", accepted: "parts without --report, and their join")
    }
    let job = try prepare(model, on: request, part: part, context)
    let run = job.run
    defer { run.discardIfEmpty() }
    func header(_ kind: PartFile.Kind, _ identity: JobIdentity, shards: Int) -> PartFile.Header {
      PartFile.Header(kind: kind, verb: purpose.verb, job: identity.text, part: part.number, parts: part.count, shards: shards)
    }
    if job.dissects, self.thresholds == nil {
      let search = try thresholdSearch(run, model)
      let found = try search.pass(run)
      let header = header(.thresholds, search.identity, shards: search.shards)
      try PartFile.write(out, header, content: search.content, state: found.bytes)
      run.finish("thresholds")
      return PartReport(part, kind: .thresholds, images: run.images(of: part))
    }
    let thresholds = try job.dissects ? self.thresholds(job, model) : nil
    let content = try content(job, thresholds)
    let fresh = content.fresh(job.statistics, thresholds: thresholds?.values ?? [])
    let found = try observe(job, content, thresholds, fresh)
    var encoder = StateEncoder()
    for values in thresholds?.values ?? [] { encoder.append(values) }
    let digest = thresholds.map { _ in CRC64(of: encoder.bytes).hexadecimal }
    found.encode(into: &encoder)
    var settings = [
      "site": sites.kind.rawValue, "layers": sites.patterns.joined(separator: " "),
      "statistics": job.statistics.map(\.text).joined(separator: " "), "criteria": content.criteria.joined(separator: " "),
    ]
    for name in ["composite", "start", "quantile", "vote_share", "thresholds"] { settings[name] = content.provenance[name] }
    settings["thresholds' digest"] = digest
    try PartFile.write(
      out, header(.filters, run.identity(purpose.verb, settings), shards: run.shards), content: content, state: encoder.bytes)
    run.finish("dissect", "observe")
    return PartReport(part, kind: .result, images: run.images(of: part))
  }

  /// What a run needs before it passes over images.
  struct Job {
    var run: AnalysisRun
    var plan: AnalysisPlan
    var statistics: [StatisticRequest]
    var criteria: [String]
    var dissects: Bool
  }

  private func prepare(_ model: Model, on request: DataRequest, part: DataPart? = nil, _ context: RunContext) throws -> Job {
    let files = [thresholds, CompositeCatalog.isFile(composite) ? composite : nil].compactMap { $0 }
    let run = try AnalysisRun(
      model, on: request, concepts: concepts, target: target, batch: batch, out: out, part: part, reading: files, context)
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
          batch: run.batch, output: model.output, keepsMaps: run.ownShards < context.workers))
    }
    if dissects, let site = plan.sites.first(where: { !$0.isPlanar }) {
      throw EspalierError(
        "its output has no rows and columns for masks to be compared with", location: "layer '\(site.title)'",
        accepted: "--layers with outputs [N, C, H, W]")
    }
    if dissects, let site = plan.sites.first(where: { $0.shape.rows > 1 }) {
      throw EspalierError(
        "an image has \(site.shape.rows) maps a channel there, whose positions in the image are not known",
        location: "layer '\(site.title)'", accepted: "one map a channel and image; --layers chooses other layers")
    }
    if let head = plan.skippedHead { context.note("\(model.path): \(head) is left out") }
    let criteria = try criteria(dissects: dissects, hasTarget: hasTarget)
    let elsewhere = criteria.filter { name in
      ScoreCatalog.statistics.contains { $0.name == ParameterList.name(of: name) && $0.site == .activation }
    }
    if sites.kind == .linear, !elsewhere.isEmpty {
      context.note("\(elsewhere.joined(separator: ", ")): before the activation; --site activation takes them behind it")
    }
    if let file = self.thresholds, !dissects {
      throw EspalierError("there is nothing to use thresholds for", file: file, accepted: "--concepts, for iou and votes")
    }
    return Job(run: run, plan: plan, statistics: statistics, criteria: criteria, dissects: dissects)
  }

  /// What the job's result is made of beside numbers.
  private func content(_ job: Job, _ thresholds: Thresholds?) throws -> FilterContent {
    var provenance = try job.run.provenance
    provenance["site"] = sites.kind.rawValue
    if let thresholds {
      provenance["thresholds"] = thresholds.description
      provenance["quantile"] = thresholds.quantile
      provenance["vote_share"] = "\(voteShare)"
      provenance["concepts_spec"] = concepts!.description
    }
    if job.plan.request.phases.contains(.relevance) {
      provenance["composite"] = try CompositeCatalog.composite(composite).description
      provenance["start"] = start.rawValue
    }
    if case .statistics(let texts) = purpose { provenance["statistics"] = texts.joined(separator: " ") }
    return FilterContent(
      sites: job.plan.sites.map(FilterContent.Site.init), statistics: job.statistics.map(\.text),
      concepts: thresholds.map { _ in FilterContent.Concepts(job.run.concepts!.vocabulary, voteShare: voteShare) },
      criteria: job.criteria, images: job.run.data.dataset.count, provenance: provenance, data: job.run.partial)
  }

  private func observe(
    _ job: Job, _ content: FilterContent, _ thresholds: Thresholds?, _ fresh: @escaping @Sendable () -> AnalysisState
  ) throws -> PartialPass {
    var settings = JobIdentity("score")
    settings.add("sites", sites)
    settings.add("statistics", job.statistics.map(\.text).joined(separator: " "), default: "")
    settings.add("thresholds", thresholds?.digest)
    settings.add("composite", content.provenance["composite"])
    settings.add("start", start.rawValue, default: RelevanceStart.oneHot.rawValue)
    settings.add("vote-share", job.dissects ? voteShare : nil)
    settings.add("exemplars", report?.images)
    return try job.run.pass(job.dissects ? "dissect" : "observe", job.plan, job: settings, fresh: fresh)
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
