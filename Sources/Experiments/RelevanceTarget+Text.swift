import Analysis
import Tensors

extension RelevanceTarget {
  private static let forms =
    "label, predicted, data, a class by its number or name, or classes with their signs, such as 990,-949"

  /// Parses `label`, `predicted`, `data`, the number or name of a class, or several with signs.
  ///
  /// - Throws: `EspalierError` that tells the accepted forms.
  public init(text: String) throws {
    switch text {
    case "label": self = .label
    case "predicted": self = .predicted
    case "data": self = .data
    default:
      guard !text.isEmpty else { throw EspalierError("'' is no target", accepted: RelevanceTarget.forms) }
      self = RelevanceTarget(text, number: { $0.allSatisfy(\.isNumber) ? Int($0) : nil }) ?? .named(text)
    }
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
    }
  }

  /// Whether it is a class of each image, of which there is a loss.
  var isClass: Bool {
    switch self {
    case .contrast: false
    default: true
    }
  }
}

extension String {
  /// Without the plus signs, but where one class alone stands there: `+5` is a contrast of one, `5` a class.
  fileprivate var trimmedPlus: String { contains(",") ? replacing("+", with: "") : self }
}
