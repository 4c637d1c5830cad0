import Analysis
import Datasets
import Files
import Foundation
import Networks
import Pruning
import Tensors
import Training

/// What steps take where they do not say themselves.
public struct StepDefaults: Sendable {
  /// The images for scores and proofs; nil for none.
  public var data: DataRequest?
  /// The images for tuning: all of them; nil for none.
  public var whole: DataRequest?
  /// The images that a worker takes at a time.
  public var batch: Int
  /// The seed.
  public var seed: UInt64

  /// Takes them.
  public init(data: DataRequest? = nil, whole: DataRequest? = nil, batch: Int = 32, seed: UInt64 = 0) {
    self.data = data
    self.whole = whole
    self.batch = batch
    self.seed = seed
  }
}

/// A key of a step.
public struct StepKey: Sendable {
  /// Its name.
  public let name: String
  /// What it says, with its default.
  public let meaning: String

  init(_ name: String, _ meaning: String) {
    self.name = name
    self.meaning = meaning
  }
}

/// A kind of step.
public struct StepKind: Sendable {
  /// Its name.
  public let name: String
  /// What it does, in a line.
  public let summary: String
  /// What it takes.
  public let keys: [StepKey]
  let make: @Sendable (inout ParameterList, StepDefaults) throws -> any MethodStep
}

/// The kinds of steps by name.
public enum StepCatalog {
  /// All kinds.
  public static let all = [
    StepKind(
      name: PruneStep.name, summary: "removes filters by scores, under a budget, with proof", keys: PruneStep.keys,
      make: { try PruneStep(&$0, $1) }),
    StepKind(
      name: TuneStep.name, summary: "goes on training", keys: TuneStep.keys, make: { try TuneStep(&$0, $1) }),
    StepKind(
      name: ReinitialiseStep.name, summary: "draws all weights anew, to train from scratch", keys: ReinitialiseStep.keys,
      make: { try ReinitialiseStep(&$0, $1) }),
  ]

  /// Parses a step, `NAME[:key=value,…]`; a value with commas stands in parentheses.
  ///
  /// - Parameter title: what errors call the step.
  /// - Throws: `EspalierError` naming the step and the key that is not known or does not fit.
  public static func step(_ text: String, _ defaults: StepDefaults, title: String = "step") throws -> any MethodStep {
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var values: [String: String] = [:]
    try naming(location: title) {
      for pair in halves.count > 1 ? try pieces(halves[1]) : [] {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
          throw EspalierError("'\(pair)' is not a setting", accepted: "key=value, a value with commas in parentheses")
        }
        let isEnclosed = sides[1].hasPrefix("(") && sides[1].hasSuffix(")")
        let value = isEnclosed ? String(sides[1].dropFirst().dropLast()) : sides[1]
        guard values.updateValue(value, forKey: sides[0]) == nil else { throw EspalierError("'\(sides[0])' is given twice") }
      }
    }
    return try step(halves[0], values, defaults, title: title)
  }

  /// Makes a step of its name and settings.
  ///
  /// - Throws: `EspalierError` naming the step and the key that is not known or does not fit.
  static func step(_ name: String, _ values: [String: String], _ defaults: StepDefaults, title: String) throws
    -> any MethodStep
  {
    guard let kind = all.first(where: { $0.name == name }) else {
      throw EspalierError(unknown: "step", name, among: all.map(\.name), topic: "steps", location: title)
    }
    let (title, names) = ("\(title), \(name)", kind.keys.map(\.name))
    if let stranger = values.keys.sorted().first(where: { !names.contains($0) }) {
      throw EspalierError(unknown: "key", stranger, among: names, topic: "steps", location: title)
    }
    var list = ParameterList(name: name, values)
    return try naming(location: title) {
      do {
        let step = try kind.make(&list, defaults)
        try list.finish()
        return step
      } catch var error as EspalierError {
        // What else a location names is the option that says the same elsewhere.
        if let key = error.location, key.hasPrefix("--") { error.problem = "\(key.dropFirst(2)): \(error.problem)" }
        error.location = nil
        throw error
      }
    }
  }

  /// The parts between commas that stand in no parentheses.
  private static func pieces(_ text: String) throws -> [String] {
    var pieces = [""]
    var depth = 0
    for character in text {
      depth += character == "(" ? 1 : character == ")" ? -1 : 0
      if character == ",", depth == 0 { pieces.append("") } else { pieces[pieces.count - 1].append(character) }
      guard depth >= 0 else { break }
    }
    guard depth == 0 else {
      throw EspalierError(
        "'\(text)' has a parenthesis without its other", accepted: "key=value, a value with commas in parentheses")
    }
    return pieces
  }
}

extension ParameterList {
  /// Takes out what is not text, a number or a word by itself.
  mutating func value<Value>(_ key: String, _ read: (String) throws -> Value) throws -> Value? {
    guard let text = text(key) else { return nil }
    do { return try read(text) } catch var error as EspalierError {
      error.location = "--\(key)"
      throw error
    }
  }

  /// Takes out a whole number that may be left out; nil for 0 too.
  mutating func given(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    let number = try integer(key, default: 0, in: range)
    return number == 0 ? nil : number
  }

  /// Takes out yes or no.
  mutating func flag(_ key: String, default usual: Bool) throws -> Bool {
    try value(key) { text in
      guard ["yes", "no", "true", "false"].contains(text) else {
        throw EspalierError("'\(text)' is neither", accepted: "yes, no")
      }
      return text == "yes" || text == "true"
    } ?? usual
  }

  /// Takes out which images a step takes, if it says so itself.
  mutating func images(_ usual: DataRequest?) throws -> DataRequest? {
    let spec = try value("data") { try DataSpec($0) }
    guard var request = spec.map({ DataRequest($0) }) ?? usual else { return nil }
    if let usual, spec != nil {
      (request.classes, request.preprocessing, request.task, request.masks, request.cache) = (
        usual.classes, usual.preprocessing, usual.task, usual.masks, usual.cache
      )
    }
    request.skip = try integer("skip", default: request.skip, in: 0 ... .max)
    let limit = try integer("limit", default: request.limit ?? 0, in: 0 ... .max)
    let perClass = try integer("per-class", default: request.perClass ?? 0, in: 0 ... .max)
    (request.limit, request.perClass) = (limit > 0 ? limit : nil, perClass > 0 ? perClass : nil)
    let draw = try integer("draw", default: request.draw.map { Int(clamping: $0) } ?? -1, in: -1 ... .max)
    request.draw = draw < 0 ? nil : UInt64(draw)
    return request
  }
}
