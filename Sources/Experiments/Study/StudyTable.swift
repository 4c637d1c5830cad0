import Datasets
internal import TOMLKit
import Tensors

/// A table of a study's file, of which every key must be taken out.
struct StudyTable {
  private let table: TOMLTable
  /// What errors call it, such as `network 2 of 3`; nil for the whole file.
  let title: String?
  private var rest: Set<String>
  private var known: [String] = []

  init(_ table: TOMLTable, title: String? = nil) {
    (self.table, self.title) = (table, title)
    rest = Set(table.keys)
  }

  /// The keys that were not taken out, sorted.
  var keys: [String] { rest.sorted() }

  /// A text, number or truth as the command line takes it; nil if it is not there.
  mutating func text(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard let text = StudyTable.text(value) else { throw problem(key, "is no text, number or truth", "\(key) = \"…\"") }
    return text
  }

  /// A text that must be there.
  mutating func required(_ key: String, _ example: String) throws -> String {
    guard let text = try text(key) else { throw error("it has no \(key)", accepted: example) }
    return text
  }

  /// A whole number in a range; nil if it is not there.
  mutating func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw problem(
        key, "is no whole number in range",
        range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A truth; nil if it is not there.
  mutating func flag(_ key: String) throws -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.bool else { throw problem(key, "is neither", "true, false") }
    return flag
  }

  /// A list of texts, or one; nil if it is not there.
  mutating func texts(_ key: String, mayBeEmpty: Bool = false) throws -> [String]? {
    if mayBeEmpty, table[key]?.array?.isEmpty ?? false {
      _ = value(key)
      return []
    }
    return try setting(key)?.texts
  }

  /// A text, or a list of which each is tried; nil if it is not there.
  mutating func setting(_ key: String) throws -> Study.Setting? {
    guard let value = value(key) else { return nil }
    if let text = StudyTable.text(value) { return .one(text) }
    guard let list = value.array else {
      throw problem(key, "is no text, number, truth or list of such", "\(key) = [\"…\", \"…\"]")
    }
    let texts = list.map { StudyTable.text($0) }
    guard !texts.isEmpty, texts.allSatisfy({ $0 != nil }) else {
      throw problem(key, "is no list of texts, numbers or truths", "one entry or more")
    }
    let found = texts.compactMap { $0 }
    guard Set(found).count == found.count else { throw problem(key, "lists an entry twice", "each once") }
    return .several(found)
  }

  /// A table in it; nil if it is not there.
  mutating func table(_ key: String) throws -> StudyTable? {
    guard let value = value(key) else { return nil }
    guard let table = value.table else { throw problem(key, "is no table", "[\(key)]") }
    return StudyTable(table, title: [title, key].compactMap { $0 }.joined(separator: ", "))
  }

  /// A list of tables, or one; none if it is not there.
  mutating func tables(_ key: String) throws -> [StudyTable] {
    guard let value = value(key) else { return [] }
    func title(_ position: Int, _ count: Int) -> String {
      [self.title, "\(key) \(position + 1) of \(count)"].compactMap { $0 }.joined(separator: ", ")
    }
    if let table = value.table { return [StudyTable(table, title: title(0, 1))] }
    let tables = value.array.map { $0.map(\.table) } ?? [nil]
    guard tables.allSatisfy({ $0 != nil }) else { throw problem(key, "is no list of tables", "[[\(key)]]") }
    return tables.enumerated().compactMap { position, table in
      table.map { StudyTable($0, title: title(position, tables.count)) }
    }
  }

  /// Refuses what was not taken out.
  ///
  /// - Throws: `EspalierError` with the nearest key that there is.
  func finish() throws {
    guard let stranger = keys.first else { return }
    throw EspalierError(unknown: "key", stranger, among: known, topic: "studies", location: title)
  }

  /// An error in the table.
  func error(_ problem: String, accepted: String? = nil) -> EspalierError {
    EspalierError(problem, location: title, accepted: accepted)
  }

  private func problem(_ key: String, _ text: String, _ accepted: String) -> EspalierError {
    error("'\(key)' \(text)", accepted: accepted)
  }

  private mutating func value(_ key: String) -> (any TOMLValueConvertible)? {
    known.append(key)
    rest.remove(key)
    return table[key]
  }

  private static func text(_ value: any TOMLValueConvertible) -> String? {
    if let text = value.string { return text }
    if let flag = value.bool { return flag ? "yes" : "no" }
    if let number = value.int { return "\(number)" }
    if let number = value.double { return "\(number)" }
    return nil
  }
}
