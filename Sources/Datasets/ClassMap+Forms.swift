import Foundation
import Images
import Tensors

extension Set {
  /// The element, if there is one and no other.
  fileprivate var only: Element? { count == 1 ? first : nil }
}

extension ClassMap {
  /// The entries of a text in any of the forms.
  static func entries(_ text: String) throws -> [Entry] {
    let start = text.first { !$0.isWhitespace }
    return try start == "{" || start == "[" ? json(text) : lines(text)
  }

  private static func json(_ text: String) throws -> [Entry] {
    switch try JSONValue(text) {
    case .object(let table):
      if case .object(let names)? = table["id2label"] {
        return try naming(location: "id2label") {
          guard let entries = try numbered(names) else { throw EspalierError("is not a table of names by number") }
          return entries
        }
      }
      if let key = doubledKey(text) {
        throw EspalierError("is there twice", location: key, accepted: "each name once, with all its labels")
      }
      if let entries = try numbered(table) { return entries }
      return try table.sorted { $0.key < $1.key }.map { key, value in
        if let label = value.integer { return Entry(keys: [key], labels: [label], name: isImage(key) ? nil : key) }
        guard let labels = value.list?.compactMap(\.integer), !labels.isEmpty, labels.count == value.list?.count else {
          throw EspalierError("is not a label", location: key, accepted: "a number or a list of numbers")
        }
        return Entry(keys: [key], labels: labels, name: isImage(key) || labels.count > 1 ? nil : key)
      }
    case .list(let values):
      return try values.enumerated().map { position, value in
        if let name = value.text { return named(name, position) }
        guard case .object(let table) = value, let label = table["index"]?.integer, let name = table["name"]?.text else {
          throw EspalierError(
            "is not a class", location: "entry \(position)", accepted: "a name, or an object with index and name")
        }
        return Entry(keys: [table["word_net_id"]?.text, name].compactMap { $0 }, labels: [label], name: name)
      }
    default: throw EspalierError("is neither a table nor a list of classes")
    }
  }

  /// A key that the outer object of a JSON text has twice, of which parsers keep one without a word; nil if there is none.
  private static func doubledKey(_ text: String) -> String? {
    var (depth, seen) = (0, Set<[UInt8]>())
    let bytes = Array(text.utf8)
    var position = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        let start = position + 1
        position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
          position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(position, bytes.count)
        let next = bytes[min(end + 1, bytes.count)...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if depth == 1, next == UInt8(ascii: ":"), !seen.insert(Array(bytes[start..<end])).inserted {
          return String(decoding: bytes[start..<end], as: UTF8.self)
        }
      default: break
      }
      position += 1
    }
    return nil
  }

  /// The entries of a table whose keys are numbers and whose values name them: Keras' `imagenet_class_index.json`, Hugging Face's
  /// `id2label`; nil if it is another table.
  private static func numbered(_ table: [String: JSONValue]) throws -> [Entry]? {
    guard !table.isEmpty, table.keys.allSatisfy({ Int($0) != nil }),
      table.values.contains(where: { $0.text != nil || $0.list?.first?.text != nil })
    else { return nil }
    let entries = try table.map { key, value in
      let label = Int(key) ?? -1
      if let name = value.text { return named(name, label) }
      guard let texts = value.list?.compactMap(\.text), texts.count == value.list?.count, let name = texts.last else {
        throw EspalierError("is not a name", location: key, accepted: "a name, or [WordNet id, name]")
      }
      return Entry(keys: texts, labels: [label], name: name)
    }.sorted { $0.labels[0] < $1.labels[0] }
    if let twice = zip(entries, entries.dropFirst()).first(where: { $0.labels == $1.labels }) {
      throw EspalierError("names class \(twice.0.labels[0]) twice")
    }
    return entries
  }

  /// A class whose name may be several, with commas between them.
  private static func named(_ name: String, _ label: Int) -> Entry {
    let parts = name.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return Entry(keys: [name], labels: [label], name: name, aliases: parts.count > 1 ? parts : [])
  }

  private static func isImage(_ name: String) -> Bool {
    Image.fileExtensions.contains((name as NSString).pathExtension.lowercased())
  }

  private static func lines(_ text: String) throws -> [Entry] {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { (number: $0 + 1, text: $1.trimmingCharacters(in: .whitespacesAndNewlines)) }
      .filter { !$0.text.isEmpty && !$0.text.hasPrefix("#") }
    func fields(_ line: String) -> [String] {
      line.split(separator: line.contains("\t") ? "\t" : " ", maxSplits: 2).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let isLabelled = lines.first.map { fields($0.text) }.map { $0.count > 1 && Int($0[1]) != nil } ?? false
    guard isLabelled else {
      let areSynsets = lines.allSatisfy { isSynset($0.text.prefix { $0 != " " && $0 != "\t" }) }
      return lines.enumerated().map { label, line in
        guard areSynsets else { return named(line.text, label) }
        let id = String(line.text.prefix { $0 != " " && $0 != "\t" })
        let name = line.text.dropFirst(id.count).trimmingCharacters(in: .whitespaces)
        if name.isEmpty { return Entry(keys: [id], labels: [label], name: id) }
        var entry = named(name, label)
        entry.keys.insert(id, at: 0)
        return entry
      }
    }
    if lines.count > 1, let name = Set(lines.map { fields($0.text)[0] }).only {
      throw EspalierError(
        "every line is '\(name)' and a number, which is a name of its own or a label of '\(name)'", location: "line 1",
        accepted: "NAME LABEL with a tab between them, as in '\(lines[0].text)\t0'; or JSON {\"\(lines[0].text)\": 0, …}")
    }
    return try lines.map { line in
      let fields = fields(line.text)
      guard fields.count > 1, let label = Int(fields[1]) else {
        throw EspalierError("is not NAME LABEL, as the first line is", location: "line \(line.number)")
      }
      return Entry(keys: [fields[0]], labels: [label], name: fields.count > 2 ? fields[2] : fields[0])
    }
  }

  /// Whether a text is a WordNet id, `n` and eight digits.
  private static func isSynset(_ text: Substring) -> Bool {
    text.utf8.count == 9 && text.utf8.first == UInt8(ascii: "n")
      && text.utf8.dropFirst().allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }
}
