import Files
import Foundation
import Networks
import Plotting
import Tensors

/// Tables for a paper from stored results.
public struct TableRun: Sendable {
  /// What is shown.
  public enum Kind: String, CaseIterable, Sendable {
    /// Methods of explanation by measures, from the JSON of `measure`.
    case measure
    /// Layers of a network with their cost, from a network or the JSON of `inspect`.
    case inspect
    /// Networks by what they get right, from the JSON of `evaluate`, a row a file.
    case evaluate
    /// Criteria and budgets by what is left, from the JSON of `prune`.
    case prune
    /// Criteria by their mean rank over budgets, from the JSON of `prune`.
    case leaderboard
    /// Criteria by how alike they rank filters, from a file of scores.
    case correlations
  }

  /// What is shown.
  public var kind: Kind
  /// The caption; nil for one that says what is shown.
  public var caption: String?
  /// In LaTeX, what the table is referred to by, and whether it is set over both columns of a page.
  public var label: String?, isWide: Bool

  /// Makes a run.
  public init(_ kind: Kind, caption: String? = nil, label: String? = nil, isWide: Bool = false) {
    (self.kind, self.caption, self.label, self.isWide) = (kind, caption, label, isWide)
  }

  /// Makes the table.
  ///
  /// - Throws: `EspalierError` for files of another kind.
  public func table(_ files: [String]) throws -> ResultTable {
    guard let first = files.first else {
      throw EspalierError("no file is named", location: kind.rawValue, accepted: "one or more")
    }
    var table: ResultTable
    switch kind {
    case .measure: table = try measures(files)
    case .inspect:
      guard files.count == 1 else {
        throw EspalierError("\(files.count) files for one table of layers", location: "inspect", accepted: "one network")
      }
      table = try layers(first)
    case .evaluate: table = try evaluations(files)
    case .prune: table = try prunings(files)
    case .leaderboard: table = try leaderboard(files)
    case .correlations:
      guard files.count == 1 else {
        throw EspalierError("\(files.count) files for one table of correlations", location: "correlations", accepted: "one")
      }
      table = try correlations(first)
    }
    if let caption { table.caption = caption }
    (table.label, table.isWide) = (label, isWide)
    return table
  }

  /// Makes the table and writes it as text.
  ///
  /// - Parameter command: the command, for the text's origin.
  /// - Throws: `EspalierError` for files of another kind.
  public func text(_ files: [String], as format: TableFormat, command: String?) throws -> String {
    var origin = try FigureOutput.origin(command: command, inputs: files)
    origin.software = "espalier \(Release.version)"
    return format.text(try table(files), origin: origin)
  }

  private func measures(_ files: [String]) throws -> ResultTable {
    let reports = try files.map { try StoredReports.read(StoredMeasures.self, $0, of: "measure") }
    for (file, report) in zip(files, reports).dropFirst() where report.images != reports[0].images {
      throw EspalierError(
        "is of \(report.images.of("image")), \(files[0]) of \(reports[0].images.of("image"))", file: file,
        accepted: "reports on the same images")
    }
    var columns: [ResultTable.Column] = []
    let methods = reports.flatMap(\.methods)
    for entry in methods.flatMap(\.measures) where !columns.contains(where: { $0.name == entry.name }) {
      columns.append(.init(entry.name, better: entry.better == "lower" ? .lower : .higher))
    }
    let rows = methods.map { method in
      ResultTable.Row(
        [.text(method.method)]
          + columns.map { column in
            guard let entry = method.measures.first(where: { $0.name == column.name }), let mean = entry.mean else {
              return .none
            }
            guard let spread = entry.spread, entry.images > 1 else { return .number(mean, decimals: 3) }
            return .mean(mean, error: spread / Double(entry.images).squareRoot(), count: entry.images)
          })
    }
    var table = ResultTable(
      caption: "Quality of explanations", columns: [.init("method", isNumeric: false)] + columns, rows: rows,
      notes: [
        "Means over \(reports[0].images.of("image")) with their standard errors.",
        "Bold: the best of a column, and what Welch's t test (two-sided, 5 %) does not tell from it.",
      ])
    table.markBest()
    return table
  }

  private func layers(_ file: String) throws -> ResultTable {
    let rows: [StoredSummary.Row]
    let (macs, parameters): (Int, Int)
    if file.lowercased().hasSuffix(".json") {
      let summary = try StoredReports.read(StoredSummary.self, file, of: "inspect")
      (rows, macs, parameters) = (summary.layers, summary.macs, summary.parameters)
    } else {
      let summary = try naming(file: file) { try Model(file).graph.summary() }
      rows = summary.layers.map {
        .init(name: $0.name, operator: $0.operator, output: $0.output, macs: $0.macs, parameters: $0.parameters)
      }
      (macs, parameters) = (summary.macs, summary.parameters)
    }
    let columns: [ResultTable.Column] = [
      .init("layer", isNumeric: false), .init("operator", isNumeric: false), .init("output", isNumeric: false), .init("MACs"),
      .init("parameters"),
    ]
    let costly = rows.filter { $0.macs > 0 || $0.parameters > 0 }
    let cells = costly.map { row in
      ResultTable.Row([
        .text(row.name), .text(row.operator), .text(row.output.map(String.init).joined(separator: "×")), .count(row.macs),
        .count(row.parameters),
      ])
    }
    let total = ResultTable.Row([.text("total"), .none, .none, .count(macs), .count(parameters)])
    return ResultTable(
      caption: "Layers of \(Path.name(of: file))", columns: columns, rows: cells + [total],
      notes: ["MACs: multiply-accumulate operations for one image. Layers without any, and without parameters, are left out."])
  }

  private func evaluations(_ files: [String]) throws -> ResultTable {
    let reports = try files.map { try StoredReports.read(StoredEvaluation.self, $0, of: "evaluate") }
    var table = ResultTable(
      caption: "Accuracy",
      columns: [
        .init("network", isNumeric: false), .init("top-1", unit: "%", better: .higher),
        .init("top-5", unit: "%", better: .higher),
        .init("loss", better: .lower), .init("images"),
      ],
      rows: zip(files, reports).map { file, report in
        func share(_ value: Double) -> ResultTable.Cell {
          let n = Double(max(report.images, 1))
          // The standard error of a share, in percent.
          return .mean(100 * value, error: 100 * (value * (1 - value) / n).squareRoot(), count: report.images)
        }
        let name = (Path.name(of: file) as NSString).deletingPathExtension
        return ResultTable.Row([
          .text(name), share(report.top1), share(report.top5), report.loss.map { .number($0, decimals: 4) } ?? .none,
          .count(report.images),
        ])
      },
      notes: [
        "Shares with the standard error of a sample of so many images.",
        "Bold: the best of a column, and what Welch's t test (two-sided, 5 %) does not tell from it.",
      ])
    table.markBest()
    return table
  }

  private func leaderboard(_ files: [String]) throws -> ResultTable {
    let board = try Leaderboard(files)
    var table = ResultTable(
      caption: "Criteria of pruning by their mean rank",
      columns: [.init("rank"), .init("criterion", isNumeric: false)] + board.budgets.map { .init($0, unit: "%", better: .higher) }
        + [.init("mean rank", better: .lower)],
      rows: board.rows.enumerated().map { place, row in
        ResultTable.Row(
          [.count(place + 1), .text(row.criterion)]
            + row.accuracies.map { .mean(100 * $0.mean, error: 100 * ($0.error ?? 0), count: $0.count) }
            + [.number(row.meanRank, decimals: 1)])
      },
      notes: [
        "Accuracy on \(board.data), \(board.images.of("image")), by what is kept; \(NumberText.decimals(100 * board.before, 2)) % before pruning.",
        "With its standard error over runs, or of a sample of so many images where there is one run.",
        "Bold: the best of a column, and what Welch's t test (two-sided, 5 %) does not tell from it.",
      ])
    table.markBest()
    return table
  }

  private func prunings(_ files: [String]) throws -> ResultTable {
    let reports = try PruningReports(files)
    var rows: [ResultTable.Row] = []
    for criterion in reports.criteria {
      for members in reports.groups(of: criterion) {
        func mean(_ values: [Double]) -> ResultTable.Cell {
          let moments = Moments(values)
          guard let error = moments.standardError else { return .number(moments.mean, decimals: 1) }
          return .mean(moments.mean, error: error, count: values.count)
        }
        func accuracy(_ values: [Double]) -> ResultTable.Cell {
          if members.count > 1 { return mean(values) }
          let (share, n) = (values[0] / 100, Double(max(members[0].accuracy.images, 1)))
          return .mean(values[0], error: 100 * (share * (1 - share) / n).squareRoot(), count: members[0].accuracy.images)
        }
        rows.append(
          .init([
            .text(criterion), .text(members[0].stored.budget), mean(members.map { 100 * $0.stored.networks.macs.share }),
            mean(members.map { 100 * $0.stored.networks.parameters.share }), accuracy(members.map { 100 * $0.accuracy.pruned }),
            members.allSatisfy { $0.accuracy.tuned != nil } ? accuracy(members.map { 100 * $0.accuracy.after }) : .none,
          ]))
      }
    }
    var table = ResultTable(
      caption: "Accuracy after pruning",
      columns: [
        .init("criterion", isNumeric: false), .init("kept", isNumeric: false), .init("MACs", unit: "%"),
        .init("parameters", unit: "%"), .init("pruned", unit: "%", better: .higher), .init("tuned", unit: "%", better: .higher),
      ], rows: rows,
      notes: [
        "Accuracy on \(reports.data), \(reports.all[0].accuracy.images.of("image")); \(NumberText.decimals(100 * reports.all[0].accuracy.before, 2)) % before pruning.",
        "With its standard error over runs, or of a sample of so many images where there is one run.",
        "Bold: the best of a column, and what Welch's t test (two-sided, 5 %) does not tell from it.",
      ])
    if rows.allSatisfy({ $0.cells[5] == .none }) {
      table.columns.removeLast()
      for position in table.rows.indices { table.rows[position].cells.removeLast() }
    }
    table.markBest()
    return table
  }
}
