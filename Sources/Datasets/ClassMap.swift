import Files
import Foundation
import Tensors

/// The labels that names of folders, images and classes stand for, and the classes' names for reports: `--classes FILE`.
///
/// The forms of such files are told in ``FormatGuide``. A name that several classes have (ImageNet has two of `crane` and
/// `maillot`) is refused where it is asked for.
public struct ClassMap: Sendable {
  /// The name of each class by label; nil if the file gives none.
  public let names: [String]?
  private let labels: [String: [Int]]
  private let doubled: [String: [Int]]

  /// The most labels that a class file may speak of.
  static let largestLabel = 1 << 20

  /// What a file says of one class or image.
  struct Entry {
    /// What stands for it.
    var keys: [String]
    var labels: [Int]
    /// The class's name for reports.
    var name: String?
    /// What else stands for it, where it stands for nothing else.
    var aliases: [String] = []
  }

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
    let entries = try ClassMap.entries(text)
    guard !entries.isEmpty else { throw EspalierError("names no classes") }
    var labels: [String: [Int]] = [:]
    var doubled: [String: [Int]] = [:]
    var names: [Int: String] = [:]
    func add(_ key: String, _ entry: Entry) {
      if let before = labels[key], before != entry.labels {
        doubled[key] = Set((doubled[key] ?? before) + entry.labels).sorted()
      } else {
        labels[key] = entry.labels
      }
    }
    for entry in entries {
      guard entry.labels.allSatisfy({ 0..<ClassMap.largestLabel ~= $0 }) else {
        throw EspalierError(
          "label \(entry.labels) is out of range", location: entry.keys.first, accepted: "0 to \(ClassMap.largestLabel - 1)")
      }
      for key in entry.keys { add(key, entry) }
      if let name = entry.name, let label = entry.labels.first, names[label] == nil { names[label] = name }
    }
    let first = Set(labels.keys)
    for entry in entries { for alias in Set(entry.aliases) where !first.contains(alias) { add(alias, entry) } }
    self.labels = labels
    self.doubled = doubled
    self.names = names.keys.max().map { greatest in (0...greatest).map { names[$0] ?? "class \($0)" } }
  }

  /// The labels of a class's, folder's or image's name; nil if it is not known.
  ///
  /// - Throws: `EspalierError` if it is the name of several classes.
  public func labels(named name: String) throws -> [Int]? {
    if let several = doubled[name] {
      throw EspalierError(
        "'\(name)' is the name of classes \(several.map(String.init).joined(separator: " and "))", location: "--classes",
        accepted: "a folder, or a label, by a name that one class has, such as its WordNet id; or JSON {\"\(name)\": \(several)}")
    }
    return labels[name]
  }

  /// The labels of an image by its path in a folder, or of the nearest folder around it that is known.
  ///
  /// - Throws: `EspalierError` if that is the name of several classes.
  func labels(ofImage path: String) throws -> [Int]? {
    var path = path[...]
    while true {
      if let found = try labels(named: String(path)) { return found }
      if let slash = path.lastIndex(of: "/"), let found = try labels(named: String(path[slash...].dropFirst())) { return found }
      guard let slash = path.lastIndex(of: "/") else { return nil }
      path = path[..<slash]
    }
  }

  /// A few of the names, for messages.
  var someNames: String { labels.keys.sorted().prefix(3).joined(separator: ", ") }
}
