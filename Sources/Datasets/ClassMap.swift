import Files
import Foundation
import Tensors

/// The labels that names of folders, pictures and classes stand for, and the classes' names for reports: `--classes FILE`.
///
/// JSON, one of:
///
///     {"animals/birds/duck.png": [97], "tench": 0}                        a path or name → the label or labels that are right
///     ["tench", "goldfish"]                                                names by label
///     [{"index": 0, "word_net_id": "n01440764", "name": "tench"}, …]       ViRelAy's label map
///
/// or text, one class a line, either all `NAME`, in the order of labels, or all `NAME LABEL` (a tab or blank between them),
/// with a longer name for reports after that if wanted. Empty lines and lines that start with `#` are skipped.
public struct ClassMap: Sendable {
  /// The name of each class by label; nil if the file gives none.
  public let names: [String]?
  private let labels: [String: [Int]]

  /// The most labels that a class file may speak of.
  static let largestLabel = 1 << 20

  /// Reads a file of classes.
  ///
  /// - Throws: `EspalierError` naming the file and the entry that is not understood.
  public init(file path: String) throws {
    self = try naming(file: path) { try ClassMap(RegularFile.text(path)) }
  }

  /// Reads the text of a file of classes.
  ///
  /// - Throws: `EspalierError` naming the entry that is not understood.
  public init(_ text: String) throws {
    let start = text.first { !$0.isWhitespace }
    let entries = try start == "{" || start == "[" ? ClassMap.json(text) : ClassMap.lines(text)
    guard !entries.isEmpty else { throw EspalierError("names no classes") }
    var labels: [String: [Int]] = [:]
    var names: [Int: String] = [:]
    for entry in entries {
      guard entry.labels.allSatisfy({ 0..<ClassMap.largestLabel ~= $0 }) else {
        throw EspalierError(
          "label \(entry.labels) is out of range", place: entry.keys.first, accepted: "0 to \(ClassMap.largestLabel - 1)")
      }
      for key in entry.keys { labels[key] = entry.labels }
      if let name = entry.name, let label = entry.labels.first, names[label] == nil { names[label] = name }
    }
    self.labels = labels
    self.names = names.keys.max().map { greatest in (0...greatest).map { names[$0] ?? "class \($0)" } }
  }

  /// The labels of a class's, folder's or picture's name; nil if it is not known.
  public func labels(named name: String) -> [Int]? { labels[name] }

  /// The labels of a picture by its path in a folder, or of the nearest folder around it that is known.
  func labels(ofPicture path: String) -> [Int]? {
    var path = path[...]
    while true {
      if let found = labels[String(path)] ?? path.lastIndex(of: "/").flatMap({ labels[String(path[$0...].dropFirst())] }) {
        return found
      }
      guard let slash = path.lastIndex(of: "/") else { return nil }
      path = path[..<slash]
    }
  }

  /// A few of the names, for messages.
  var someNames: String { labels.keys.sorted().prefix(3).joined(separator: ", ") }

  private struct Entry {
    var keys: [String]
    var labels: [Int]
    var name: String?
  }

  private static func json(_ text: String) throws -> [Entry] {
    switch try JSONValue(text) {
    case .object(let table):
      return try table.sorted { $0.key < $1.key }.map { key, value in
        if let label = value.integer { return Entry(keys: [key], labels: [label], name: isPicture(key) ? nil : key) }
        guard let labels = value.list?.compactMap(\.integer), labels.count == value.list?.count else {
          throw EspalierError("is not a label", place: key, accepted: "a number or a list of numbers")
        }
        return Entry(keys: [key], labels: labels, name: isPicture(key) || labels.count > 1 ? nil : key)
      }
    case .list(let values):
      return try values.enumerated().map { place, value in
        if let name = value.text { return Entry(keys: [name], labels: [place], name: name) }
        guard case .object(let table) = value, let label = table["index"]?.integer, let name = table["name"]?.text else {
          throw EspalierError("is not a class", place: "entry \(place)", accepted: "a name, or an object with index and name")
        }
        return Entry(keys: [table["word_net_id"]?.text, name].compactMap { $0 }, labels: [label], name: name)
      }
    default: throw EspalierError("is neither a table nor a list of classes")
    }
  }

  private static func isPicture(_ name: String) -> Bool {
    ["png", "jpg", "jpeg"].contains((name as NSString).pathExtension.lowercased())
  }

  private static func lines(_ text: String) throws -> [Entry] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .map { (number: $0 + 1, text: $1.trimmingCharacters(in: .whitespacesAndNewlines)) }
      .filter { !$0.text.isEmpty && !$0.text.hasPrefix("#") }
    func fields(_ line: String) -> [String] {
      line.split(separator: line.contains("\t") ? "\t" : " ", maxSplits: 2).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let isLabelled = lines.first.map { fields($0.text) }.map { $0.count > 1 && Int($0[1]) != nil } ?? false
    guard isLabelled else {
      return lines.enumerated().map { Entry(keys: [$1.text], labels: [$0], name: $1.text) }
    }
    return try lines.map { line in
      let fields = fields(line.text)
      guard fields.count > 1, let label = Int(fields[1]) else {
        throw EspalierError("is not NAME LABEL, as the first line is", place: "line \(line.number)")
      }
      return Entry(keys: [fields[0]], labels: [label], name: fields.count > 2 ? fields[2] : fields[0])
    }
  }
}
