import Analysis
import Datasets
import Files
import Foundation
import Networks
import Plotting
import Pruning
import Results
import Tensors

/// Removes shares of the filters of one layer at a time, those that score least, and evaluates what is left, untuned.
///
/// Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, section 3.2, with any criterion. Deviation: filters that can
/// only go together are one layer here.
public struct SensitivityRun: Sendable {
  /// Where scores come from, with the images for them and, unless ``validation`` names others, for the accuracy.
  public var scoring: FilterScoring
  /// The shares of filters, 0 … 1.
  public var shares: [Double]
  /// How the scores of coupled filters become one.
  public var reduction: ScoreReduction
  /// Layers that are left alone, by pattern.
  public var protected: [String]
  /// What may be removed of grouped convolutions.
  public var groups: GroupRemoval
  /// What may be removed of attention.
  public var heads: HeadRemoval
  /// The images of the accuracy.
  public var validation: DataRequest?
  /// The file to write.
  public var out: String

  /// Makes a run.
  public init(
    _ scoring: FilterScoring, shares: [Double], reduction: ScoreReduction = .mean, protected: [String] = [],
    groups: GroupRemoval = .equalShares, heads: HeadRemoval = .equalShares, validation: DataRequest? = nil, out: String
  ) {
    self.scoring = scoring
    self.shares = shares
    self.reduction = reduction
    self.protected = protected
    self.groups = groups
    self.heads = heads
    self.validation = validation
    self.out = out
  }

  /// Sweeps and writes, or goes on where the same run was stopped.
  ///
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  public func run(_ model: Model, _ context: RunContext) throws -> SensitivityReport {
    try OutputPath.prepare(out, notReplacing: model.files + scoring.files + (validation?.files ?? []))
    guard let request = validation ?? scoring.data else {
      throw EspalierError("accuracy needs images", location: "sensitivity", accepted: "--data SPEC or --validation SPEC")
    }
    let data = try PreparedData(request, for: model, note: context.note)
    try data.requireLabels()
    guard data.task == .classification else {
      throw EspalierError(
        "labels are for \(data.task.rawValue), of which there is no accuracy", location: "sensitivity",
        accepted: "classes of images")
    }
    let map = try naming(file: model.path) { try ChannelMap(model.graph, groups: groups, heads: heads) }
    let channels = try ChannelGroups(map, protecting: protected)
    let isScored = scoring.criteria.contains(where: ScoreCatalog.names.contains)
    if isScored, FileManager.default.fileExists(atPath: out + ".scores"), (try? FilterResultsReader(out + ".scores")) == nil {
      throw EspalierError("is there, and holds no scores", file: out + ".scores", accepted: "another --out, or deleting it")
    }
    let scores = try scoring.scores(model, ScoredNetwork(channels), out: out + ".scores", context)
    let cuts = try channels.cuts(by: scores, shares: shares, reduction: reduction)
    guard !cuts.isEmpty else { throw EspalierError("no layer that may lose filters has scores", location: "scores") }

    let batch = model.batch(scoring.statistics.batch, images: data.dataset.count)
    func evaluate(_ graph: Graph, _ activity: String) throws -> EvaluationReport {
      try stopping("the points found so far are kept, and the same command goes on after them") {
        try EvaluationRun.evaluate(graph, output: model.output, on: data, batch: batch, activity: activity, context)
      }
    }
    let state = StateFile(out + ".found", job: try job(model, scores, data))
    var known =
      try state.load(note: context.note).flatMap { try? JSONDecoder().decode([SensitivityReport.Point].self, from: $0) } ?? []
    if !known.isEmpty { context.note("\(known.count) of \(cuts.count) points: found by an earlier run") }
    let whole = try evaluate(model.graph, "whole network")
    for (position, cut) in cuts.enumerated().dropFirst(known.count) {
      let percent = Int((100 * cut.share).rounded())
      let pruned = try naming(file: model.path) {
        try Pruner.remove(cut.removed, of: map, proof: ProofForm(refusesSilence: false))
      }
      let result = try evaluate(pruned.graph, "\(position + 1) of \(cuts.count): \(cut.group.name) −\(percent) %")
      known.append(
        .init(
          share: cut.share, removed: cut.removed.count, accuracy: result.top1, loss: result.loss, macs: pruned.after.macs))
      try state.save(JSONEncoder().encode(known))
    }
    var report = SensitivityReport(
      model: model.path, digest: model.digest, criterion: try scoring.criterion, data: "\(request.spec)",
      images: data.dataset.count, accuracy: whole.top1, loss: whole.loss, macs: try LiveNetwork(map).cost.macs,
      espalier: Release.version)
    for (cut, point) in zip(cuts, known) {
      if report.layers.last?.layers != cut.group.layers.map(\.name) {
        report.layers.append(
          .init(
            name: cut.group.name, layers: cut.group.layers.map(\.name), filters: cut.group.channels.count, points: []))
      }
      report.layers[report.layers.count - 1].points.append(point)
    }
    try AtomicFile.write(report.json, to: out)
    state.remove()
    if isScored { unlink(out + ".scores") }
    return report
  }

  /// All that the points depend on.
  private func job(_ model: Model, _ scores: FilterScores, _ data: PreparedData) throws -> JobIdentity {
    var job = JobIdentity("sensitivity")
    job.add("model", model.digest)
    job.add("output", model.output)
    job.add("shares", "\(shares)")
    job.add("reduce", reduction.rawValue, default: ScoreReduction.mean.rawValue)
    job.add("groups", groups.rawValue, default: GroupRemoval.equalShares.rawValue)
    job.add("heads", heads.rawValue, default: HeadRemoval.equalShares.rawValue)
    job.add("protect", protected.joined(separator: " "), default: "")
    job.add("data", try data.dataset.digest())
    job.add("preprocessing", data.preprocessing.json)
    job.add("inputs", try data.inputProvenance())
    job.add("scores", scores.digest)
    job.add("espalier", Release.version)
    return job
  }

  /// Draws a sweep, PNG, PDF or SVG by the path's ending.
  ///
  /// - Throws: `EspalierError` if the file holds none.
  public static func draw(_ file: String, title: String? = nil, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [file])
    let report = try SensitivityReport(file: file)
    let rows = report.layers.map { layer in
      SensitivityFigure.Row(
        layer.name, values: layer.points.map { SensitivityFigure.Value(share: $0.share, accuracy: $0.accuracy) })
    }
    let figure = SensitivityFigure(
      title: title, rows: rows, whole: report.accuracy, caption: "filters of one layer gone, by \(report.criterion)")
    try output.write(figure, of: [file])
  }
}

extension FilterScores {
  /// The SHA-256 of all scores.
  fileprivate var digest: String {
    var hash = SHA256()
    for (name, scores) in layers.sorted(by: { $0.key < $1.key }) {
      hash.update(line: "\(name) \(scores.map { $0.map { "\($0)" } ?? "–" })")
    }
    return hash.hexadecimal
  }
}
