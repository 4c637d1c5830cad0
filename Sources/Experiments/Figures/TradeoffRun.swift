import Plotting
import Tensors

/// Accuracy over what is left of a network, from reports of `prune`: a curve a criterion.
public struct TradeoffRun: Sendable {
  /// What is left is counted in this.
  public enum Cost: String, CaseIterable, Sendable {
    case macs, parameters, activations, latency
  }

  /// What lies along x.
  public var cost: Cost
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(cost: Cost = .macs, title: String? = nil) { (self.cost, self.title) = (cost, title) }

  /// Draws.
  ///
  /// Reports of one criterion and one budget, such as of several seeds, become one point: their mean, with the interval of
  /// Student's t; a single one has Wilson's interval of its images.
  ///
  /// - Throws: `EspalierError` for a report without accuracy, or of other images than the first.
  public func write(_ files: [String], to output: FigureOutput) throws {
    try output.prepare(notReplacing: files)
    let reports = try PruningReports(files)
    let criteria = reports.criteria
    let before = reports.all[0].accuracy.before
    let marks: [any Mark] =
      [RuleMark("before pruning", .horizontal(100 * before))] as [any Mark]
      + criteria.enumerated().flatMap { index, criterion -> [any Mark] in
        let groups = reports.groups(of: criterion).map { members -> (Point, ClosedRange<Double>?) in
          let x = members.map { left($0) }.reduce(0, +) / Double(members.count)
          let (mean, interval) = PruningReports.accuracy(members)
          return (Point(100 * x, 100 * mean), interval.map { 100 * $0.lowerBound...100 * $0.upperBound })
        }.sorted { $0.0.x < $1.0.x }
        return [
          LineMark(criterion, series: index, points: groups.map(\.0)),
          PointMark("", series: index, points: groups.map(\.0), errors: groups.map(\.1)),
        ]
      }
    let note = "Accuracy on \(reports.data), \(reports.all[0].accuracy.images.of("image")). Bars: 95 % intervals of confidence."
    var x = PanelAxis("\(cost == .macs ? "MACs" : cost == .latency ? "time" : cost.rawValue) left", unit: "%")
    x.margin = 0.04
    let panel = Panel(
      x: x, y: PanelAxis("accuracy", unit: "%"), marks: marks)
    try output.write(PanelsFigure(title: title, PanelGrid([panel], note: note)), of: files)
  }

  private func left(_ report: PruningReports.Report) -> Double {
    switch cost {
    case .macs: report.stored.networks.macs.share
    case .parameters: report.stored.networks.parameters.share
    case .activations: report.stored.networks.activations.share
    case .latency: report.stored.latency.map { $0.count > 1 ? $0[1].median / $0[0].median : .nan } ?? .nan
    }
  }
}

/// Reports of `prune` that belong together.
struct PruningReports {
  struct Report {
    var stored: StoredPruning
    var accuracy: StoredPruning.Accuracy
    /// The criterion without its normalisation and the like, as a figure calls it.
    var criterion: String
  }

  let all: [Report]
  /// The images of the accuracy.
  var data: String { all[0].accuracy.data }
  /// The criteria, in the order of the files.
  var criteria: [String] { unique(all.map(\.criterion)) }
  /// The budgets, in the order of the files.
  var budgets: [String] { unique(all.map(\.stored.budget)) }

  init(_ files: [String]) throws {
    guard let first = files.first else { throw EspalierError("no file is named", location: "reports", accepted: "one or more") }
    var reports: [Report] = []
    for file in files {
      let stored = try StoredReports.read(StoredPruning.self, file, of: "prune")
      guard let accuracy = stored.accuracy else {
        throw EspalierError("holds no accuracy", file: file, accepted: "a report of prune with labelled images")
      }
      if let wanted = reports.first?.accuracy, wanted.data != accuracy.data || wanted.images != accuracy.images {
        throw EspalierError(
          "its accuracy is on \(accuracy.data), \(accuracy.images.of("image")), that of \(first) on \(wanted.data), \(wanted.images.of("image"))",
          file: file, accepted: "reports on the same images")
      }
      reports.append(Report(stored: stored, accuracy: accuracy, criterion: stored.criterion))
    }
    all = reports
  }

  /// The reports of a criterion, those of one budget together.
  func groups(of criterion: String) -> [[Report]] {
    budgets.map { budget in all.filter { $0.criterion == criterion && $0.stored.budget == budget } }.filter { !$0.isEmpty }
  }

  /// The accuracy of reports of one kind, with its interval.
  static func accuracy(_ reports: [Report]) -> (mean: Double, interval: ClosedRange<Double>?) {
    let values = reports.map(\.accuracy.after)
    let mean = Moments(values).mean
    if reports.count == 1 { return (mean, Interval.ofShare(mean, of: reports[0].accuracy.images)) }
    return (mean, Interval.ofMean(values))
  }

  /// The mean of shares with its standard error: of several runs over them, of one that of a share of so many images.
  static func summary(_ shares: [Double], images: Int) -> (mean: Double, error: Double?, count: Int) {
    let moments = Moments(shares)
    let mean = moments.mean
    if shares.count == 1 { return (mean, (mean * (1 - mean) / Double(max(images, 1))).squareRoot(), images) }
    return (mean, moments.standardError, shares.count)
  }

  private func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
