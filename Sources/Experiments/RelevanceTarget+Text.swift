import Analysis
import Files
import Tensors

extension RelevanceTarget {
  private static let forms =
    "label, predicted, data, a class by its number or name, classes with their signs, such as 990,-949, one of these at @all, "
    + "@mask or @ROW,COLUMN, an entry @I,J, or hdf5:FILE/DATASET"

  /// Parses `label`, `predicted`, `data`, the number or name of a class, or several with signs; where in an output with
  /// positions behind an `@`: `all`, `mask`, or an index or range `A:B` (without B) for each axis of positions; an entry of an
  /// output, `@I,J,…`; or `hdf5:FILE/DATASET`.
  ///
  /// - Throws: `EspalierError` that tells the accepted forms.
  public init(text: String) throws {
    if text.hasPrefix("hdf5:") {
      guard
        case .hdf5(let file, let dataset) = try naming(location: "--target", { try InputSource.parse("target=" + text).source })
      else { throw EspalierError("'\(text)' is no target", accepted: RelevanceTarget.forms) }
      self = .tensor(file: file, dataset: dataset)
      return
    }
    if let sign = text.lastIndex(of: "@"), let ranges = RelevanceTarget.ranges(text[text.index(after: sign)...]) {
      let base = String(text[..<sign])
      if base.isEmpty {
        guard case .box(let box) = ranges, box.allSatisfy({ $0.count == 1 }) else {
          throw EspalierError("'\(text)' is no target", accepted: RelevanceTarget.forms)
        }
        self = .entry(box.map(\.lowerBound))
      } else {
        self = .at(try RelevanceTarget(text: base), ranges)
      }
      return
    }
    switch text {
    case "label": self = .label
    case "predicted": self = .predicted
    case "data": self = .data
    default:
      guard !text.isEmpty else { throw EspalierError("'' is no target", accepted: RelevanceTarget.forms) }
      self = RelevanceTarget(text, number: { $0.allSatisfy(\.isNumber) ? Int($0) : nil }) ?? .named(text)
    }
  }

  /// What stands behind an `@`; nil for what is no region, which may belong to a name.
  private static func ranges(_ text: Substring) -> Region? {
    if text == "all" { return .all }
    if text == "mask" { return .mask }
    let ranges = text.split(separator: ",", omittingEmptySubsequences: false).map { part -> Range<Int>? in
      let ends = part.split(separator: ":", omittingEmptySubsequences: false).map { end in
        end.allSatisfy(\.isNumber) ? Int(end).flatMap { $0 < .max ? $0 : nil } : nil
      }
      guard let first = ends[0] else { return nil }
      switch ends.count {
      case 1: return first..<first + 1
      case 2: return ends[1].flatMap { first < $0 ? first..<$0 : nil }
      default: return nil
      }
    }
    return ranges.contains(nil) ? nil : .box(ranges.compactMap { $0 })
  }

  /// One class, or several with signs; nil if one of them has no number.
  private init?(_ text: String, number: (String) -> Int?) {
    if let index = number(text) {
      self = .index(index)
      return
    }
    var terms: [OutputTarget.Term] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      let isNegative = part.hasPrefix("-") && number(part) == nil
      let isSigned = isNegative || (part.hasPrefix("+") && number(part) == nil)
      guard let index = number(isSigned ? String(part.dropFirst()) : part) else { return nil }
      terms.append(OutputTarget.Term(index, isNegative ? -1 : 1))
    }
    self = .contrast(terms)
  }

  /// The target with names of classes replaced by their numbers.
  ///
  /// - Parameter names: the classes' names, as the data or a file of classes tell them.
  /// - Throws: `EspalierError` naming what is no class, or one that is named twice.
  func resolved(_ names: [String]?) throws -> RelevanceTarget {
    var result = self
    if case .at(let base, let region) = self { return .at(try base.resolved(names), region) }
    if case .named(let text) = self {
      let known = names ?? []
      func number(_ name: String) -> Int? {
        let positions = known.indices.filter { known[$0] == name }
        if positions.count == 1 { return positions[0] }
        return name.allSatisfy(\.isNumber) ? Int(name) : nil
      }
      guard let found = RelevanceTarget(text, number: number) else {
        throw EspalierError(
          "'\(text)' is no target" + (known.isEmpty ? ": the data name no classes" : ""), location: "--target",
          accepted: RelevanceTarget.forms)
      }
      result = found
    }
    if case .contrast(let terms) = result, Set(terms.map(\.index)).count < terms.count {
      throw EspalierError("'\(text)' names a class twice", location: "--target", accepted: "every class once")
    }
    return result
  }

  /// The target as it is parsed.
  public var text: String {
    switch self {
    case .label: "label"
    case .predicted: "predicted"
    case .data: "data"
    case .index(let index): "\(index)"
    case .contrast(let terms): terms.map { ($0.coefficient < 0 ? "-" : "+") + "\($0.index)" }.joined(separator: ",").trimmedPlus
    case .named(let text): text
    case .at(let base, .all): "\(base.text)@all"
    case .at(let base, .mask): "\(base.text)@mask"
    case .at(let base, .box(let ranges)):
      base.text + "@"
        + ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ",")
    case .entry(let indices): "@" + indices.map(String.init).joined(separator: ",")
    case .tensor(let file, let dataset): "hdf5:\(file)/\(dataset)"
    }
  }

  /// The target as provenance tells it: with the digest of a file.
  ///
  /// - Throws: `EspalierError` if that cannot be read.
  var identity: String {
    get throws {
      guard case .tensor(let file, _) = self else { return text }
      return "\(text) (SHA-256 \(try SHA256.hexadecimal(ofFile: file)))"
    }
  }

  /// The files that are read.
  var files: [String] { if case .tensor(let file, _) = self { [file] } else { [] } }

  /// Whether it is a class of each image or position, of which there is a loss.
  var isClass: Bool {
    switch self {
    case .contrast, .entry, .tensor: false
    case .at(let base, _): base.isClass
    case .label, .predicted, .data, .index, .named: true
    }
  }

  /// Whether it is the images' labels.
  var isLabel: Bool {
    switch self {
    case .label: true
    case .at(let base, _): base.isLabel
    default: false
    }
  }

  /// Whether it observes the images' masks.
  var needsMasks: Bool { if case .at(_, .mask) = self { true } else { false } }
}

extension String {
  /// Without the plus signs, but where one class alone stands there: `+5` is a contrast of one, `5` a class.
  fileprivate var trimmedPlus: String { contains(",") ? replacing("+", with: "") : self }
}
