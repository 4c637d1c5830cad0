import Analysis
import Plotting
import Tensors

/// Criteria in the order of their mean rank over budgets, from reports of `prune`, in the form of PruningBench's tables.
///
/// Source: H. Li et al., "PruningBench: a comprehensive benchmark of structural pruning", 2024: ranks by accuracy at each budget, and
/// their mean. Ties share the mean of their ranks.
public struct LeaderboardRun: Sendable {
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(title: String? = nil) { self.title = title }

  /// Draws: colours are ranks, numbers accuracies, the last column the mean rank.
  ///
  /// - Throws: `EspalierError` for a report without accuracy, of other images than the first, or a budget that a criterion lacks.
  public func write(_ files: [String], to output: FigureOutput) throws {
    try output.prepare(notReplacing: files)
    let board = try Leaderboard(files)
    let rows = board.rows
    let last = Double(max(rows.count, 2))
    let ranks = rows.flatMap { $0.ranks + [$0.meanRank] }
    var matrix = HeatMatrix(
      rows: rows.enumerated().map { "\($0.offset + 1)  \($0.element.criterion)" }, columns: board.budgets + ["mean rank"],
      values: Tensor(ranks, shape: [rows.count, board.budgets.count + 1]), colormap: .shares.reversed, range: 1...last
    ) { NumberText.decimals($0, 1) }
    matrix.texts = rows.flatMap { row in
      row.accuracies.map { NumberText.decimals(100 * $0.mean, 1) } + [NumberText.decimals(row.meanRank, 1)]
    }
    matrix.columnTitle = "kept"
    matrix.barTitle = "rank"
    matrix.barLabels = rows.indices.map { ColorBar.Label(Double($0) / (last - 1), "\($0 + 1)") }
    matrix.cellWidth = 44
    matrix.note =
      "Accuracy in % on \(board.data), \(board.images.of("image")); \(NumberText.decimals(100 * board.before, 1)) before pruning. Rows: by mean rank over the budgets; colours: the rank at each."
    try output.write(CellsFigure(title: title, matrix), of: files)
  }
}

/// The ranks of criteria.
struct Leaderboard {
  struct Row {
    var criterion: String
    /// By budget.
    var accuracies: [(mean: Double, error: Double?, count: Int)]
    var ranks: [Double]
    var meanRank: Double { ranks.reduce(0, +) / Double(max(ranks.count, 1)) }
  }

  let budgets: [String]
  /// The lowest mean rank first.
  let rows: [Row]
  let data: String
  let images: Int
  let before: Double

  init(_ files: [String]) throws {
    let reports = try PruningReports(files)
    let (criteria, budgets) = (reports.criteria, reports.budgets)
    var rows = try criteria.map { criterion in
      Row(
        criterion: criterion,
        accuracies: try budgets.map { budget in
          let members = reports.all.filter { $0.criterion == criterion && $0.stored.budget == budget }
          guard !members.isEmpty else {
            throw EspalierError(
              "'\(criterion)' has no report at \(budget), which others have", location: "reports",
              accepted: "every criterion at every budget, so that ranks compare")
          }
          return PruningReports.summary(members.map(\.accuracy.after), images: members[0].accuracy.images)
        }, ranks: [])
    }
    for column in budgets.indices {
      let ranks = RankCorrelation.ranks(rows.map { -$0.accuracies[column].mean })
      for row in rows.indices { rows[row].ranks.append(ranks[row]) }
    }
    self.budgets = budgets
    self.rows = rows.enumerated().sorted { ($0.element.meanRank, $0.offset) < ($1.element.meanRank, $1.offset) }.map(\.element)
    (data, images, before) = (reports.data, reports.all[0].accuracy.images, reports.all[0].accuracy.before)
  }
}
