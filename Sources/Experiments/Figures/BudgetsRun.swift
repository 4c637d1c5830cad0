import Plotting
import Tensors

/// Accuracy by criterion and budget, from reports of `prune`.
public struct BudgetsRun: Sendable {
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(title: String? = nil) { self.title = title }

  /// Draws; the best of every budget is framed.
  ///
  /// - Throws: `EspalierError` for a report without accuracy, or of other images than the first.
  public func write(_ files: [String], to output: FigureOutput) throws {
    try output.prepare(notReplacing: files)
    let reports = try PruningReports(files)
    let (criteria, budgets) = (reports.criteria, reports.budgets)
    let values = criteria.flatMap { criterion in
      budgets.map { budget -> Double in
        let members = reports.all.filter { $0.criterion == criterion && $0.stored.budget == budget }
        return members.isEmpty ? .nan : 100 * PruningReports.accuracy(members).mean
      }
    }
    let finite = values.filter(\.isFinite)
    let before = 100 * reports.all[0].accuracy.before
    var matrix = HeatMatrix(
      rows: criteria, columns: budgets, values: Tensor(values, shape: [criteria.count, budgets.count]),
      colormap: .shares, range: (finite.min() ?? 0)...max(finite.max() ?? 100, before)
    ) { NumberText.decimals($0, 1) }
    matrix.columnTitle = "kept"
    matrix.barTitle = "accuracy (%)"
    matrix.cellWidth = 44
    for column in budgets.indices {
      let best = criteria.indices.map { values[$0 * budgets.count + column] }.filter(\.isFinite).max()
      for row in criteria.indices where values[row * budgets.count + column] == best { matrix.marked.insert([row, column]) }
    }
    matrix.note =
      "Accuracy in % on \(reports.data), \(reports.all[0].accuracy.images.of("image")); \(NumberText.decimals(before, 1)) before pruning. Framed: the best of a column."
    try output.write(CellsFigure(title: title, matrix), of: files)
  }
}
