import Files
import Foundation
import Plotting
import Tensors

/// Loss and accuracy over the epochs of training, from the tables that `train` and `tune` leave: a panel each.
public struct TrainingFigureRun: Sendable {
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(title: String? = nil) { self.title = title }

  private static let panels = [
    ("loss", nil as String?, "train_loss", "validation_loss", 1.0),
    ("accuracy", "%", "train_accuracy", "validation_accuracy", 100),
  ]

  /// Draws; several tables are told apart by their files' names.
  ///
  /// - Throws: `EspalierError` naming the file that holds no such table.
  public func write(_ files: [String], to output: FigureOutput) throws {
    try output.prepare(notReplacing: files)
    let tables = try files.map { ($0, try TrainingFigureRun.table($0)) }
    let panels = Self.panels.map { label, unit, training, validation, factor -> Panel in
      var marks: [any Mark] = []
      for (index, (file, table)) in tables.enumerated() {
        let name = (Path.name(of: file) as NSString).deletingPathExtension
        for (offset, (kind, column)) in [("training", training), ("validation", validation)].enumerated() {
          let points = zip(table["epoch"] ?? [], table[column] ?? []).map { Point($0, factor * $1) }
          guard points.contains(where: { $0.y.isFinite }) else { continue }
          marks.append(
            LineMark(files.count == 1 ? kind : "\(name), \(kind)", series: 2 * index + offset, points: points))
        }
      }
      return Panel(x: PanelAxis("epoch", isWhole: true), y: PanelAxis(label, unit: unit), marks: marks)
    }
    try output.write(PanelsFigure(title: title, PanelGrid(panels, columns: 2)), of: files)
  }

  /// The columns of a table, by their headings; what is empty is NaN.
  private static func table(_ file: String) throws -> [String: [Double]] {
    let lines = try RegularFile.text(file, most: 1 << 26).split(whereSeparator: \.isNewline).map(String.init)
    let headings = lines.first?.split(separator: ",").map(String.init) ?? []
    guard headings.contains("epoch"), headings.contains("train_loss") else {
      throw EspalierError(
        "is no table of epochs", file: file, accepted: "the CSV file that train or tune leaves beside a network")
    }
    var columns = [[Double]](repeating: [], count: headings.count)
    for (number, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == headings.count else {
        throw EspalierError(
          "has \(cells.count.of("cell")) under \(headings.count.of("heading"))", file: file, location: "line \(number + 1)")
      }
      for (column, cell) in cells.enumerated() {
        guard let value = cell.isEmpty ? .nan : Double(cell) else {
          throw EspalierError("'\(cell)' is no number", file: file, location: "line \(number + 1), \(headings[column])")
        }
        columns[column].append(value)
      }
    }
    return Dictionary(zip(headings, columns), uniquingKeysWith: { first, _ in first })
  }
}
