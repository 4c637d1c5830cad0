import Foundation
import Tensors

/// A name with parameters, `NAME[:key=value,…]`, as options take it: whoever it names takes the parameters out, and none may be
/// left.
public struct ParameterList: Sendable {
  /// The text as it was given.
  public let text: String
  /// The part before the colon.
  public let name: String
  private var values: [String: String] = [:]
  /// What was taken out and is not as it would be without being given.
  private var chosen: [String: String] = [:]

  /// Parses a text.
  ///
  /// - Throws: `EspalierError` if what follows the colon is not a list of different keys with values.
  public init(_ text: String) throws {
    self.text = text
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(halves[0])
    for pair in halves.count > 1 ? halves[1].split(separator: ",", omittingEmptySubsequences: false) : [] {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw EspalierError("'\(pair)' is not a parameter", accepted: "key=value")
      }
      guard values.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw EspalierError("'\(sides[0])' is given twice")
      }
    }
  }

  /// Takes parameters that are apart already.
  public init(name: String, _ values: [String: String]) {
    self.name = name
    self.values = values
    text = ParameterList.text(name, values)
  }

  /// Name and parameters, these in the order of their keys; before any is taken out.
  var normalised: String { ParameterList.text(name, values) }

  /// Name and the parameters that were taken out, these in the order of their keys, without those that have their defaults: the
  /// same text for all that mean the same.
  public var canonical: String { ParameterList.text(name, chosen) }

  /// The keys that were given and not taken out, sorted.
  public var keys: [String] { values.keys.sorted() }

  private static func text(_ name: String, _ values: [String: String]) -> String {
    values.isEmpty ? name : "\(name):" + values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  }

  /// The part of a text before the colon.
  public static func name(of text: String) -> String { String(text.prefix { $0 != ":" }) }

  /// Takes out a text; nil if it is not given.
  public mutating func text(_ key: String) -> String? {
    let given = values.removeValue(forKey: key)
    chosen[key] = given
    return given
  }

  /// Takes out a number.
  ///
  /// - Throws: `EspalierError` if it is no number in the range.
  public mutating func number(
    _ key: String, default fallback: Double,
    in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
  ) throws -> Double {
    guard let given = values.removeValue(forKey: key) else { return fallback }
    guard let number = Double(given), range.contains(number) else {
      let isBounded = range.upperBound < .greatestFiniteMagnitude
      throw EspalierError(
        "\(key) is \(given)",
        accepted: isBounded
          ? "a number from \(range.lowerBound) to \(range.upperBound)"
          : range.lowerBound == 0 ? "a number, 0 or more" : "a number")
    }
    if number != fallback { chosen[key] = "\(number)" }
    return number
  }

  /// Takes out a whole number.
  ///
  /// - Throws: `EspalierError` if it is no whole number in the range.
  public mutating func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
    guard let given = values.removeValue(forKey: key) else { return fallback }
    guard let number = Int(given), range.contains(number) else {
      throw EspalierError(
        "\(key) is \(given)",
        accepted: range.upperBound == .max
          ? "a whole number, \(range.lowerBound) or more" : "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    if number != fallback { chosen[key] = "\(number)" }
    return number
  }

  /// Takes out a seed.
  ///
  /// - Throws: `EspalierError` if it is no whole number, 0 or more.
  public mutating func seed() throws -> UInt64 { UInt64(try integer("seed", default: 0, in: 0 ... .max)) }

  /// Takes out one of several words.
  ///
  /// - Throws: `EspalierError` telling the words, if it is none of them.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable & Equatable>(
    _ key: String, default fallback: Choice
  ) throws -> Choice {
    guard let given = values.removeValue(forKey: key) else { return fallback }
    guard let choice = Choice(rawValue: given) else {
      let known = Choice.allCases.map(\.rawValue)
      throw EspalierError(
        "\(key) is \(given)" + EspalierError.suggestion(for: given, among: known), accepted: EspalierError.list(known))
    }
    if choice != fallback { chosen[key] = given }
    return choice
  }

  /// Ends the reading.
  ///
  /// - Throws: `EspalierError` naming a parameter that nobody took out.
  public func finish() throws {
    guard let key = values.keys.min() else { return }
    throw EspalierError("'\(key)' is not a parameter of \(name)")
  }
}
