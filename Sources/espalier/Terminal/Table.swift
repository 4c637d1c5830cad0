/// Rows of text under titles, in columns that line up.
struct Table {
  /// Which side a column's texts stand on.
  enum Alignment {
    case left, right
  }

  /// The titles and sides of the columns.
  var columns: [(title: String, alignment: Alignment)]
  /// The texts, one a column.
  var rows: [[String]] = []

  /// The table, one line a row, without blanks at the ends of lines.
  var text: String {
    let lines = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      let cells = zip(line, zip(columns, widths)).map { text, column in
        let blanks = String(repeating: " ", count: column.1 - text.count)
        return column.0.alignment == .left ? text + blanks : blanks + text
      }
      let joined = cells.joined(separator: "  ")
      return String(joined[..<(joined.lastIndex { $0 != " " }.map { joined.index(after: $0) } ?? joined.startIndex)])
    }.joined(separator: "\n")
  }
}
