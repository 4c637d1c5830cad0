import Foundation
import Plotting

/// A table in LaTeX, for a page that has `\usepackage{booktabs,threeparttable}` and `\usepackage{siunitx}` (version 3).
struct LatexTable {
  private let table: ResultTable
  private let origin: FigureOrigin

  init(_ table: ResultTable, _ origin: FigureOrigin) { (self.table, self.origin) = (table, origin) }

  var text: String {
    var lines = origin.fields.map { "% " + LatexTable.comment("\($0.key): \($0.value)") }
    lines += [
      "% \\usepackage{booktabs,threeparttable} \\usepackage{siunitx} % version 3", "\\begin{\(environment)}", "  \\centering",
      "  \\begin{threeparttable}",
      "    \\caption{\(LatexTable.escaped(table.caption))}" + (table.label.map { "\\label{\($0)}" } ?? ""),
      "    \\begin{tabular}{@{}\(table.columns.indices.map(specification).joined())@{}}", "      \\toprule",
    ]
    lines.append("      " + table.columns.map(heading).joined(separator: " & ") + " \\\\")
    lines.append("      \\midrule")
    for row in table.rows {
      let cells = row.cells.enumerated().map { position, cell in
        self.cell(cell, isBest: row.best.contains(position), isNumeric: table.columns[position].isNumeric)
      }
      lines.append("      " + cells.joined(separator: " & ") + " \\\\")
    }
    lines += ["      \\bottomrule", "    \\end{tabular}"]
    if !table.notes.isEmpty {
      lines.append("    \\begin{tablenotes}\\footnotesize")
      lines += table.notes.map { "      \\item " + LatexTable.escaped($0) }
      lines.append("    \\end{tablenotes}")
    }
    return (lines + ["  \\end{threeparttable}", "\\end{\(environment)}"]).joined(separator: "\n")
  }

  private var environment: String { table.isWide ? "table*" : "table" }

  /// A column of numbers in line at their points, with room for sign, digits and uncertainty.
  private func specification(_ position: Int) -> String {
    guard table.columns[position].isNumeric else { return "l" }
    var (whole, decimals, digits, isNegative) = (1, 0, 0, false)
    for row in table.rows {
      guard let parts = LatexTable.parts(row.cells[position]) else { continue }
      let halves = parts.number.split(separator: ".", omittingEmptySubsequences: false)
      isNegative = isNegative || parts.number.hasPrefix("-")
      whole = max(whole, halves[0].filter(\.isNumber).count)
      decimals = max(decimals, halves.count > 1 ? halves[1].count : 0)
      digits = max(digits, parts.uncertainty?.count ?? 0)
    }
    let format = "\(isNegative ? "-" : "")\(whole).\(decimals)" + (digits > 0 ? "(\(digits))" : "")
    // Else siunitx takes the bold of the best numbers away.
    return "S[table-format=\(format), mode=text, reset-text-series=false, text-series-to-math=true]"
  }

  private func heading(_ column: ResultTable.Column) -> String {
    let unit = column.unit.map { " (\(LatexTable.escaped($0)))" } ?? ""
    let arrow = column.better.map { $0 == .higher ? " $\\uparrow$" : " $\\downarrow$" } ?? ""
    // Long headings of several words stand on two lines: a number below them needs less.
    if column.isNumeric, column.name.count > 14, let blank = column.name.lastIndex(of: " ") {
      let (first, second) = (column.name[..<blank], column.name[column.name.index(after: blank)...])
      let lines = "\(LatexTable.escaped(String(first)))\\\\\(LatexTable.escaped(String(second)))\(unit)\(arrow)"
      return "{\\begin{tabular}[b]{@{}c@{}}\(lines)\\end{tabular}}"
    }
    return "{\(LatexTable.escaped(column.name))\(unit)\(arrow)}"
  }

  private func cell(_ cell: ResultTable.Cell, isBest: Bool, isNumeric: Bool) -> String {
    let bold = isBest ? "\\bfseries " : ""
    if isNumeric, let parts = LatexTable.parts(cell) { return bold + parts.number + (parts.uncertainty.map { "(\($0))" } ?? "") }
    switch cell {
    case .text(let text): return isNumeric ? "{\(bold)\(LatexTable.escaped(text))}" : bold + LatexTable.escaped(text)
    default: return "{--}"
    }
  }

  /// The digits of a number and, in units of its last one, its uncertainty.
  private static func parts(_ cell: ResultTable.Cell) -> (number: String, uncertainty: String?)? {
    guard let value = cell.value, value.isFinite, abs(value) < 1e15 else { return nil }
    switch cell {
    case .count(let count): return ("\(count)", nil)
    case .number(_, let decimals): return (String(format: "%.\(decimals)f", value), nil)
    case .mean(_, let error, _):
      guard let decimals = ResultTable.decimals(ofError: error) else { return (String(format: "%.3f", value), nil) }
      let units = (error * pow(10, Double(decimals))).rounded()
      return (String(format: "%.\(decimals)f", value), units < 1e15 ? String(format: "%.0f", units) : nil)
    case .text, .none: return nil
    }
  }

  /// Text as LaTeX sets it.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\textbackslash{}"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "&", "%", "$", "#", "_", "{", "}": result += "\\" + String(scalar)
      case "<": result += "\\textless{}"
      case ">": result += "\\textgreater{}"
      case "|": result += "\\textbar{}"
      case "\"": result += "\\symbol{34}"
      case "−": result += "$-$"
      case "±": result += "$\\pm$"
      case "×": result += "$\\times$"
      case "ρ": result += "$\\rho$"
      case "–": result += "--"
      default: result += scalar.value < 0x20 ? " " : String(scalar)
      }
    }
    return result
  }

  private static func comment(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }
}
