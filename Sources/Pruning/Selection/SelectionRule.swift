import Tensors

/// What decides how many channels go, and where.
public enum SelectionRule: Hashable, Sendable {
  /// As many as bring the whole network's cost down to a share.
  case budget(Budget)
  /// As many as leave layers with given widths; layers that are not named lose none by themselves.
  case widths([LayerWidth])
  /// Those that score below a bound made of the scores of their group.
  case threshold(ScoreThreshold)
  /// All but given output channels of layers, by the node's name; layers that are not named lose none.
  case kept([String: [Int]])

  /// Whether channels are chosen by scores.
  public var needsScores: Bool { if case .kept = self { false } else { true } }
}

extension SelectionRule: CustomStringConvertible {
  public var description: String {
    switch self {
    case .budget(let budget): "\(budget)"
    case .widths(let widths): "widths " + widths.map(\.description).joined(separator: " ")
    case .threshold(let threshold): "threshold \(threshold)"
    case .kept(let kept): "kept \(kept.values.reduce(0) { $0 + $1.count }) channels of \(kept.count.of("layer"))"
    }
  }
}

/// How many filters layers keep.
public struct LayerWidth: Hashable, Sendable, CustomStringConvertible {
  /// The layers' names, with `*` and `?`.
  public var pattern: String
  /// A number of filters, 1 or more, or a share of them, below 1.
  public var width: Double

  /// Makes a width.
  ///
  /// - Throws: `EspalierError` if it is neither a number of filters nor a share.
  public init(_ pattern: String, _ width: Double) throws {
    guard width > 0, width < 1 || width == width.rounded() && width <= 1e9 else {
      throw EspalierError(
        "the width of '\(pattern)' is \(width)", location: "widths",
        accepted: "a whole number of filters, 1 or more, or a share of them, below 1")
    }
    (self.pattern, self.width) = (pattern, width)
  }

  public var description: String { "\(pattern)=\(width < 1 ? "\(width)" : "\(Int(width))")" }

  /// Reads `LAYER=WIDTH`, several with blanks between them.
  ///
  /// - Throws: `EspalierError` telling what is accepted.
  public static func list(_ text: String) throws -> [LayerWidth] {
    let widths = try text.split(whereSeparator: \.isWhitespace).map { part -> LayerWidth in
      guard let sign = part.lastIndex(of: "="), sign > part.startIndex, let width = Double(part[part.index(after: sign)...])
      else {
        throw EspalierError("'\(part)' is no width", location: "widths", accepted: "LAYER=WIDTH, blanks between them")
      }
      return try LayerWidth(String(part[..<sign]), width)
    }
    guard !widths.isEmpty else { throw EspalierError("there are none", location: "widths", accepted: "LAYER=WIDTH") }
    return widths
  }
}

/// A bound on scores: a multiple of the mean of a group's scores, of their standard deviation, and a number, added up.
///
/// H. Hu et al., "Network Trimming", 2016, section 3.1, remove neurons whose share of zeros is more than one standard deviation
/// above its mean: `mean-1sd` for `apoz`, which is 1 − that share. S. Han et al., NIPS 2015, section 3.1, take a multiple of the
/// standard deviation, of weights there.
public struct ScoreThreshold: Hashable, Sendable, CustomStringConvertible {
  /// Whether the mean is a term.
  public var takesMean = false
  /// The factor of the standard deviation, that of the scores as they are (÷ n).
  public var deviations = 0.0
  /// The number that is added.
  public var constant = 0.0

  /// Reads `mean`, `mean±Ksd`, `Ksd`, or a number.
  ///
  /// - Throws: `EspalierError` telling what is accepted.
  public init(_ text: String) throws {
    var rest = Substring(text)
    if rest.hasPrefix("mean") {
      takesMean = true
      rest = rest.dropFirst(4)
      if rest.isEmpty { return }
      guard rest.hasPrefix("+") || rest.hasPrefix("-") else { throw ScoreThreshold.refusal(text) }
    }
    let isDeviation = rest.hasSuffix("sd")
    guard let number = Double(isDeviation ? rest.dropLast(2) : rest), number.isFinite, isDeviation || !takesMean else {
      throw ScoreThreshold.refusal(text)
    }
    if isDeviation { deviations = number } else { constant = number }
  }

  private static func refusal(_ text: String) -> EspalierError {
    EspalierError("'\(text)' is no threshold", accepted: "mean, mean-1sd, mean+0.5sd, 0.3sd, or a number")
  }

  public var description: String {
    let spread = deviations == 0 ? "" : "\(takesMean && deviations > 0 ? "+" : "")\(deviations)sd"
    return takesMean || deviations != 0 ? (takesMean ? "mean" : "") + spread : "\(constant)"
  }

  /// The bound for some scores.
  func value(of scores: [Double]) -> Double {
    let count = Double(max(scores.count, 1))
    let mean = scores.reduce(0, +) / count
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return (takesMean ? mean : 0) + deviations * variance.squareRoot() + constant
  }
}
