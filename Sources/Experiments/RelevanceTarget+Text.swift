import Analysis
import Tensors

extension RelevanceTarget {
  /// Parses `label`, `predicted` or the number of a class.
  ///
  /// - Throws: `EspalierError` that tells the accepted forms.
  public init(text: String) throws {
    switch text {
    case "label": self = .label
    case "predicted": self = .predicted
    default:
      guard let index = Int(text), index >= 0 else {
        throw EspalierError("'\(text)' is no target", accepted: "label, predicted, or the number of a class")
      }
      self = .index(index)
    }
  }

  /// The target as it is parsed.
  public var text: String {
    switch self {
    case .label: "label"
    case .predicted: "predicted"
    case .index(let index): "\(index)"
    }
  }
}
