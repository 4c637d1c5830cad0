import Foundation

/// A table with one observation a row and one variable a column, as pandas and R read it.
struct TidyTable {
  /// What stands in a cell.
  enum Cell: Hashable {
    case text(String)
    case count(Int)
    case number(Double)
    case none

    init(_ number: Double?) { self = number.map { .number($0) } ?? .none }
    init(_ count: Int?) { self = count.map { .count($0) } ?? .none }
    init(_ text: String?) { self = text.map { .text($0) } ?? .none }

    /// With all digits; nothing for what is not known or not finite.
    var text: String {
      switch self {
      case .text(let text): text
      case .count(let count): "\(count)"
      case .number(let number): number.isFinite ? "\(number)" : ""
      case .none: ""
      }
    }
  }

  let columns: [String]
  private(set) var rows: [[Cell]] = []

  init(_ columns: [String]) { self.columns = columns }

  /// Adds a row.
  ///
  /// - Precondition: it has a cell for every column.
  mutating func add(_ row: [Cell]) {
    precondition(row.count == columns.count, "\(row.count) cells for \(columns.count) columns")
    rows.append(row)
  }

  /// Comma-separated values (RFC 4180, with line feeds), without comments.
  var csv: String { text(separator: ",") }

  /// Tab-separated values; tabs and line breaks in texts are blanks.
  var tsv: String { text(separator: "\t") }

  private func text(separator: String) -> String {
    func quoted(_ text: String) -> String {
      if separator == "\t" {
        return String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
      }
      let isPlain = !text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
      return isPlain ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
    let lines = [columns] + rows.map { $0.map(\.text) }
    return lines.map { $0.map(quoted).joined(separator: separator) + "\n" }.joined()
  }
}
