import Files
import Foundation
import Tensors

/// A CSV file that names images: a line of column names, `path` and `label` and optionally `mask`, `mask-kind` and `target`,
/// the class whose relevance is to be computed, then one line per image.
///
/// Paths are relative to the file's folder. A mask's kind is `grey`, `index` or `alpha` (``MaskKind``), or empty. Several labels
/// joined by `;` are all acceptable, an empty cell is none. A label is a number, or with a map of classes a name; for regression
/// they are the numbers that the network is to answer. Cells may be
/// quoted as in RFC 4180.
public enum CSV {
  /// Reads the list of images.
  ///
  /// - Throws: `EspalierError` naming the line if a column is missing, a row has another number of cells, or a label is unknown.
  public static func open(_ path: String, classes: ClassMap? = nil, task: LearningTask? = nil) throws -> ImageList {
    let rows = try naming(file: path) { try parse(RegularFile.text(path)) }
    let entries = try naming(file: path) {
      guard let header = rows.first else { throw EspalierError("is empty", accepted: "columns \(columns)") }
      let names = header.cells.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      guard let pathColumn = names.firstIndex(of: "path"), let labelColumn = names.firstIndex(of: "label") else {
        throw EspalierError("has columns \(names.joined(separator: ", "))", accepted: columns)
      }
      let known = ["path", "label", "mask", "mask-kind", "target"]
      if let twice = known.first(where: { name in names.filter { $0 == name }.count > 1 }) {
        throw EspalierError("has two columns \(twice)", accepted: columns)
      }
      let (maskColumn, kindColumn) = (names.firstIndex(of: "mask"), names.firstIndex(of: "mask-kind"))
      let targetColumn = names.firstIndex(of: "target")
      return try rows.dropFirst().map { row in
        try naming(location: "line \(row.line)") {
          guard row.cells.count == names.count else {
            throw EspalierError("has \(row.cells.count) cells", accepted: "\(names.count), as the first line")
          }
          guard !row.cells[pathColumn].isEmpty else { throw EspalierError("names no image") }
          func cell(_ column: Int?) -> String? { column.map { row.cells[$0] }.flatMap { $0.isEmpty ? nil : $0 } }
          let kind = try cell(kindColumn).map { text in
            guard let kind = MaskKind(rawValue: text.trimmingCharacters(in: .whitespaces)) else {
              throw EspalierError("has mask-kind \(text)", accepted: MaskKind.forms)
            }
            return kind
          }
          let targets = try targetColumn.map { try labels(row.cells[$0], classes) } ?? []
          guard targets.count < 2 else { throw EspalierError("has \(targets.count) targets", accepted: "one") }
          let label = row.cells[labelColumn]
          return ImageList.Entry(
            path: row.cells[pathColumn], labels: task == .regression ? [] : try labels(label, classes), mask: cell(maskColumn),
            maskKind: kind, target: targets.first, values: task == .regression ? try numbers(label) : nil)
        }
      }
    }
    guard !entries.isEmpty else { throw EspalierError("names no images", file: path) }
    let folder = Path.folder(of: path)
    return ImageList(
      entries, in: folder.isEmpty ? "." : folder, classNames: classes?.names,
      description: "\(entries.count) images from \(path)")
  }

  /// The images and masks that a file names; none if it cannot be read.
  package static func files(namedBy path: String) -> [String] {
    guard let rows = try? parse(RegularFile.text(path)), let header = rows.first else { return [] }
    let names = header.cells.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    let columns = names.indices.filter { ["path", "mask"].contains(names[$0]) }
    let folder = Path.folder(of: path)
    return rows.dropFirst().flatMap { row in
      columns.filter(row.cells.indices.contains).map { row.cells[$0] }.filter { !$0.isEmpty }.map {
        $0.hasPrefix("/") || folder.isEmpty ? $0 : folder + "/" + $0
      }
    }
  }
  private static let columns = "path, label, optional mask, optional mask-kind, optional target"

  private static func numbers(_ cell: String) throws -> [Float] {
    try cell.split(separator: ";").map { part in
      guard let number = Float(part.trimmingCharacters(in: .whitespaces)), number.isFinite else {
        throw EspalierError("has label \(part)", accepted: "numbers joined by ;, for --task regression")
      }
      return number
    }
  }

  private static func labels(_ cell: String, _ classes: ClassMap?) throws -> [Int] {
    try cell.split(separator: ";").flatMap { part in
      let name = part.trimmingCharacters(in: .whitespaces)
      if let labels = try classes?.labels(named: name) { return labels }
      if let label = Int(name), 0..<ClassMap.largestLabel ~= label { return [label] }
      throw EspalierError(
        "has label \(name)",
        accepted: classes.map { "a number, or a class such as \($0.someNames)" } ?? "a number; names need --classes")
    }
  }

  /// The rows of a CSV text with the line that each starts on.
  ///
  /// Empty lines are skipped.
  static func parse(_ text: String) throws -> [(line: Int, cells: [String])] {
    var rows: [(line: Int, cells: [String])] = []
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    var line = 1
    var firstLine = 1
    func endCell() {
      cells.append(String(decoding: cell, as: UTF8.self))
      cell = []
      wasQuoted = false
    }
    func endRow() {
      endCell()
      if cells != [""] { rows.append((firstLine, cells)) }
      cells = []
    }
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\"") where isQuoted: isQuoted = false
      case UInt8(ascii: "\"") where cell.isEmpty || wasQuoted:
        // A quote right after a closing one stands for itself.
        if wasQuoted { cell.append(byte) }
        isQuoted = true
        wasQuoted = true
      case UInt8(ascii: ",") where !isQuoted: endCell()
      case UInt8(ascii: "\r") where !isQuoted: break
      case UInt8(ascii: "\n"):
        line += 1
        if isQuoted {
          cell.append(byte)
        } else {
          endRow()
          firstLine = line
        }
      default: cell.append(byte)
      }
    }
    if isQuoted { throw EspalierError("has a quote that does not end", location: "line \(firstLine)") }
    endRow()
    return rows
  }
}
