import Foundation
import Plotting
import Tensors

/// How a table is written.
public enum TableFormat: String, CaseIterable, Sendable {
  /// LaTeX with the packages booktabs, siunitx (version 3) and threeparttable.
  case latex
  /// Markdown as GitHub reads it.
  case markdown
  /// Comma-separated values with all digits, the notes as comments.
  case csv
  case json

  /// A table as text.
  ///
  /// - Parameter origin: what made it; stands in it as a comment, in JSON as an object.
  public func text(_ table: ResultTable, origin: FigureOrigin) -> String {
    switch self {
    case .latex: LatexTable(table, origin).text
    case .markdown: markdown(table, origin)
    case .csv: csv(table, origin)
    case .json: json(table, origin)
    }
  }

  /// A number as people read it, with its uncertainty in brackets.
  static func readable(_ cell: ResultTable.Cell) -> String {
    switch cell {
    case .text(let text): return text
    case .count(let count): return "\(count)"
    case .none: return "–"
    case .number(let value, let decimals): return NumberText.decimals(value, decimals)
    case .mean(let value, let error, _):
      guard let decimals = ResultTable.decimals(ofError: error) else { return NumberText.decimals(value, 3) }
      return NumberText.decimals(value, decimals) + " ± " + NumberText.decimals(error, decimals)
    }
  }

  private func markdown(_ table: ResultTable, _ origin: FigureOrigin) -> String {
    func escaped(_ text: String) -> String {
      let plain = text.replacing("\\", with: "\\\\").replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing(
        "*", with: "\\*")
      return plain.replacing("_", with: "\\_").split(whereSeparator: \.isNewline).joined(separator: " ")
    }
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var lines = [escaped(table.caption), ""]
    lines.append(
      line(
        table.columns.map {
          escaped($0.name + ($0.unit.map { " (\($0))" } ?? "")) + ($0.better.map { $0 == .higher ? " ↑" : " ↓" } ?? "")
        }))
    lines.append("|" + table.columns.map { $0.isNumeric ? "---:|" : "---|" }.joined())
    for row in table.rows {
      lines.append(
        line(
          row.cells.enumerated().map { position, cell in
            let text = escaped(TableFormat.readable(cell))
            return row.best.contains(position) ? "**\(text)**" : text
          }))
    }
    if !table.notes.isEmpty { lines += [""] + table.notes.map(escaped) }
    let comment = origin.fields.map { "\($0.key): \($0.value)" }.joined(separator: "\n").replacing("--", with: "-\u{2010}")
    return (lines + ["", "<!-- \(comment) -->"]).joined(separator: "\n")
  }

  private func csv(_ table: ResultTable, _ origin: FigureOrigin) -> String {
    func quoted(_ text: String) -> String {
      let needs =
        text.contains { $0 == "," || $0 == "\"" || $0.isNewline } || text.hasPrefix("#")
        || text != text.trimmingCharacters(in: .whitespaces)
      return needs ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    func comment(_ text: String) -> String { "# " + text.split(whereSeparator: \.isNewline).joined(separator: " ") }
    let hasErrors = table.columns.indices.map { position in
      table.rows.contains { if case .mean = $0.cells[position] { true } else { false } }
    }
    var lines = [comment(table.caption)] + origin.fields.map { comment("\($0.key): \($0.value)") } + table.notes.map(comment)
    lines.append(
      table.columns.enumerated().flatMap { position, column -> [String] in
        let name = column.name + (column.unit.map { " (\($0))" } ?? "")
        return hasErrors[position] ? [name, name + " standard error", name + " n"] : [name]
      }.map(quoted).joined(separator: ","))
    for row in table.rows {
      lines.append(
        row.cells.enumerated().flatMap { position, cell -> [String] in
          let rest = hasErrors[position] ? ["", ""] : []
          switch cell {
          case .text(let text): return [quoted(text)] + rest
          case .count(let count): return ["\(count)"] + rest
          case .number(let value, _): return [value.isFinite ? "\(value)" : ""] + rest
          case .mean(let value, let error, let count): return ["\(value)", "\(error)", "\(count)"]
          case .none: return [""] + rest
          }
        }.joined(separator: ","))
    }
    return lines.joined(separator: "\n")
  }

  private struct JSONTable: Encodable {
    struct Column: Encodable {
      var name: String
      var unit, better: String?
    }

    struct Cell: Encodable {
      var text: String?
      var value, error: Double?
      var n: Int?
      var best: Bool
    }

    struct Origin: Encodable {
      var software: String
      var command: String?
      var inputs: [String: String]
    }

    var caption: String
    var columns: [Column]
    var rows: [[Cell]]
    var notes: [String]
    var origin: Origin
  }

  private func json(_ table: ResultTable, _ origin: FigureOrigin) -> String {
    let rows = table.rows.map { row in
      row.cells.enumerated().map { position, cell -> JSONTable.Cell in
        var result = JSONTable.Cell(best: row.best.contains(position))
        result.value = cell.value.flatMap { $0.isFinite ? $0 : nil }
        if case .text(let text) = cell { result.text = text }
        if case .mean(_, let error, let count) = cell { (result.error, result.n) = (error.isFinite ? error : nil, count) }
        return result
      }
    }
    let inputs = Dictionary(origin.inputs.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
    let all = JSONTable(
      caption: table.caption,
      columns: table.columns.map { JSONTable.Column(name: $0.name, unit: $0.unit, better: $0.better?.rawValue) }, rows: rows,
      notes: table.notes, origin: .init(software: origin.software, command: origin.command, inputs: inputs))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(all)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
