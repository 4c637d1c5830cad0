/// What the network that a step makes has to do with the one that it begins from: what the step promises, and is held to.
public enum Equivalence: Hashable, Sendable {
  /// It computes the same; only the order of sums may differ.
  case exact
  /// It computes what the network before computes with some of its values masked.
  case maskedTwin
  /// Every output stays within a share of its scale.
  case within(Double)
  /// Nothing is promised: it was trained, say.
  case none

  /// What the difference of an output of an exact step may be, in parts of its scale.
  public static let rounding = 1e-4

  /// The greatest difference of an output in parts of its scale that a proof may be made with; nil where nothing is promised.
  ///
  /// A masked twin is compared within what its element type can hold, which the proof itself says.
  var bound: Double? {
    switch self {
    case .exact: Equivalence.rounding
    case .maskedTwin: .infinity
    case .within(let share): share
    case .none: nil
    }
  }
}

extension Equivalence: RawRepresentable, Codable, CustomStringConvertible {
  /// `exact`, `masked-twin`, `within SHARE` or `none`.
  public var rawValue: String {
    switch self {
    case .exact: "exact"
    case .maskedTwin: "masked-twin"
    case .within(let share): "within \(share)"
    case .none: "none"
    }
  }

  public var description: String { rawValue }

  public init?(rawValue: String) {
    switch rawValue {
    case "exact": self = .exact
    case "masked-twin": self = .maskedTwin
    case "none": self = .none
    default:
      guard rawValue.hasPrefix("within "), let share = Double(rawValue.dropFirst(7)), share >= 0 else { return nil }
      self = .within(share)
    }
  }
}
