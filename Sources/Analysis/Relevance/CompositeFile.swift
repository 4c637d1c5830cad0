import Datasets
import Files
import Foundation
import TOMLKit
import Tensors

/// A composite as a TOML file.
///
///     base = "epsilon_plus"      # where no entry fits; left out: the plain gradient
///
///     [[rules]]                  # the first entry that fits a layer counts
///     rule = "zbox"              # with its parameters
///     low = -3                   # or one number a channel: [-2.1, -2.0, -1.8]
///     high = 3
///     position = "first"         # "last", "first 3", "last 2", "low", "mid", "high" (thirds): among the layers of these kinds and names
///
///     [[rules]]
///     rule = "gamma"
///     gamma = 0.5
///     kind = "convolution"       # or a list; left out: linear, that is convolution and dense
///     layers = ["layer1.*", "layer2.*"]
enum CompositeFile {
  /// Whether a text names such a file.
  static func isNamed(by text: String) -> Bool { text.hasSuffix(".toml") }

  /// Reads a file.
  ///
  /// - Throws: `EspalierError` naming the file, the entry and the key that is not understood.
  static func composite(_ path: String) throws -> Composite {
    try naming(file: path) {
      let table = try TOMLTable.parsed(RegularFile.text(path, most: RegularFile.largestSettings))
      if let stranger = table.keys.sorted().first(where: { !["base", "rules"].contains($0) }) {
        throw EspalierError("'\(stranger)' is not known", accepted: "base, rules")
      }
      var base = Composite("nothing", rules: [:])
      if let value = table["base"] {
        guard let name = value.string, !isNamed(by: name) else {
          throw EspalierError(
            "is not the name of a composite", location: "base",
            accepted: EspalierError.list(CompositeCatalog.names, topic: "composites"))
        }
        base = try CompositeCatalog.composite(name)
      }
      var entries: [CompositeEntry] = []
      if let value = table["rules"] {
        guard let list = value.array else {
          throw EspalierError("is no list of tables", location: "rules", accepted: "[[rules]]")
        }
        for (position, element) in list.enumerated() {
          entries.append(
            try naming(location: "rule \(position + 1)") {
              guard let table = element.table else { throw EspalierError("is no table", accepted: "[[rules]]") }
              return try entry(table)
            })
        }
      }
      let digest = try SHA256.hexadecimal(ofFile: path).prefix(12)
      return Composite("\(path) (sha256 \(digest))", rules: base.rules, first: base.first, entries: entries)
    }
  }

  private static func entry(_ table: TOMLTable) throws -> CompositeEntry {
    guard let name = table["rule"]?.string else {
      throw EspalierError("'rule' is missing", accepted: EspalierError.list(RuleCatalog.all.map { $0.name }, topic: "rules"))
    }
    var parameters: [String] = []
    for key in table.keys.sorted() where !["rule", "kind", "layers", "position"].contains(key) {
      guard let text = table[key].flatMap(plain) else {
        throw EspalierError("'\(key)' is no number, list of numbers, text or truth value")
      }
      parameters.append("\(key)=\(text)")
    }
    let list = try ParameterList(name + (parameters.isEmpty ? "" : ":" + parameters.joined(separator: ",")))
    let rule = try RuleCatalog.rule(list)
    return CompositeEntry(
      kinds: try kinds(texts("kind", table)), patterns: try texts("layers", table) ?? [], position: try position(table),
      rule: rule)
  }

  private static func plain(_ value: any TOMLValueConvertible) -> String? {
    if let flag = value.bool { return "\(flag)" }
    if let number = value.int { return "\(number)" }
    if let number = value.double { return "\(number)" }
    if let list = value.array {
      let numbers = list.compactMap { $0.double ?? $0.int.map(Double.init) }
      return numbers.isEmpty || numbers.count != list.count ? nil : numbers.map { "\($0)" }.joined(separator: "/")
    }
    return value.string.flatMap { $0.isEmpty || $0.contains(",") ? nil : $0 }
  }

  private static func texts(_ key: String, _ table: TOMLTable) throws -> [String]? {
    guard let value = table[key] else { return nil }
    if let text = value.string { return [text] }
    let list = value.array.map { Array($0).compactMap(\.string) } ?? []
    guard !list.isEmpty, list.count == value.array?.count else {
      throw EspalierError("is neither a text nor a list of texts", location: key)
    }
    return list
  }

  private static func kinds(_ names: [String]?) throws -> Set<LayerKind> {
    let linear: Set<LayerKind> = [.convolution, .dense]
    return try (names ?? ["linear"]).reduce(into: []) { kinds, name in
      if name == "linear" {
        kinds.formUnion(linear)
      } else if let kind = LayerKind.allCases.first(where: { $0.text == name }) {
        kinds.insert(kind)
      } else {
        throw EspalierError(
          "'\(name)' is no kind of layer", location: "kind",
          accepted: (["linear"] + LayerKind.allCases.map(\.text)).joined(separator: ", "))
      }
    }
  }

  private static func position(_ table: TOMLTable) throws -> CompositeEntry.Position? {
    guard let value = table["position"] else { return nil }
    let words = (value.string ?? "").split(separator: " ")
    let count = words.count == 1 ? 1 : words.count == 2 ? Int(words[1]) ?? 0 : 0
    switch (words.first, count) {
    case ("first", 1...): return .first(count)
    case ("last", 1...): return .last(count)
    case (let word?, 1) where CompositeEntry.Third(rawValue: String(word)) != nil && words.count == 1:
      return CompositeEntry.Third(rawValue: String(word)).map { .third($0) }
    default:
      throw EspalierError(
        "is '\(value.string ?? "no text")'", location: "position", accepted: "first, last, first 3, last 2, low, mid, high")
    }
  }
}
