import Tensors

extension ParameterList {
  /// Takes out what keeps a rule's denominators from zero: `epsilon`, `clip` and `scale`.
  ///
  /// - Throws: `EspalierError` naming what is out of range.
  mutating func stabilizer(epsilon: Double = 1e-6) throws -> Stabilizer {
    let epsilon = try float("epsilon", default: epsilon, from: 0)
    let clips = try flag("clip", default: false)
    let scale: StabilizerScale = try choice("scale", default: .none)
    return Stabilizer(epsilon: epsilon, clips: clips, isRelative: scale == .output, followsInput: scale == .input)
  }

  /// Takes out whether the bias counts as zero: `bias = false`.
  ///
  /// - Throws: `EspalierError` if it is neither true nor false.
  mutating func ignoresBias() throws -> Bool { try !flag("bias", default: true) }

  /// Takes out a number that a Float holds.
  ///
  /// - Throws: `EspalierError` if it is no such number.
  mutating func float(_ key: String, default fallback: Double?, from low: Double = -Double(Float.greatestFiniteMagnitude)) throws
    -> Float
  {
    guard let given = text(key) else {
      guard let fallback else { throw EspalierError("'\(key)' is missing", accepted: "\(key) = a number") }
      return Float(fallback)
    }
    guard let number = Double(given), number >= low, abs(number) <= Double(Float.greatestFiniteMagnitude) else {
      throw EspalierError("\(key) is \(given)", accepted: low == 0 ? "a number, 0 or more" : "a number")
    }
    return Float(number)
  }

  /// Takes out numbers that a Float holds, with strokes between them, as in `-2.1/-2.0/-1.8`.
  ///
  /// - Throws: `EspalierError` if there is none, or one is no such number.
  mutating func floats(_ key: String) throws -> [Float] {
    guard let given = text(key) else {
      throw EspalierError("'\(key)' is missing", accepted: "\(key) = a number, or one a channel")
    }
    return try given.split(separator: "/", omittingEmptySubsequences: false).map { part in
      guard let number = Double(part), abs(number) <= Double(Float.greatestFiniteMagnitude) else {
        throw EspalierError("\(key) is \(given)", accepted: "a number, or one a channel, as in -2.1/-2.0/-1.8")
      }
      return Float(number)
    }
  }

  /// Takes out true or false.
  ///
  /// - Throws: `EspalierError` if it is neither.
  mutating func flag(_ key: String, default fallback: Bool) throws -> Bool {
    guard let given = text(key) else { return fallback }
    guard let value = Bool(given) else { throw EspalierError("\(key) is \(given)", accepted: "true, false") }
    return value
  }

  /// The parameters that ``stabilizer(epsilon:)`` takes, as people are told them.
  static let stabilizing = "epsilon=1e-6,clip=false,scale=none|output|input"
}

/// What the ε of a stabiliser is a share of.
private enum StabilizerScale: String, CaseIterable {
  case none, output, input
}
