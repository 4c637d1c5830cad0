import Networks
import Tensors

/// What of one sample's outputs relevance starts from: a number for each entry of the output.
///
/// With start `one-hot` relevance starts at these numbers themselves, with `logit` at their products with the outputs. An output
/// may hold one row of classes, `[K]`, or one at each of several positions, `[K, H, W]` or `[L, K]` (``OutputForm``).
public enum OutputTarget: Hashable, Sendable {
  /// A class of a contrast and its number.
  public struct Term: Hashable, Sendable {
    /// The class.
    public var index: Int
    /// What relevance starts at, 1 or −1.
    public var coefficient: Float

    /// Makes a term.
    public init(_ index: Int, _ coefficient: Float) { (self.index, self.coefficient) = (index, coefficient) }
  }

  /// Where in an output with positions.
  public enum Region: Hashable, Sendable {
    /// Wherever the class is the predicted one; of a single number a position, wherever that is above 0.
    case predicted
    /// Everywhere.
    case all
    /// In a box: one range for each axis of positions.
    case box([Range<Int>])
    /// At some positions, row-major.
    case set([Bool])
  }

  /// 1 at each position's class with the greatest output, the first of equals.
  case predictedClass(at: Region)
  /// Some classes, each with its number: one alone, or those that speak for something against those that speak against it.
  case classes([Term], at: Region)
  /// 1 at a class of each position's own; below 0 for none there.
  case positions([Int32], at: Region = .all)
  /// Numbers that the outputs should be, for losses: relevance starts at 1 everywhere.
  case values([Float])
  /// 1 at one entry, given by one index an axis.
  case entry([Int])
  /// Any numbers, one an entry, row-major.
  case tensor([Float])

  /// The predicted class, at every position its own.
  public static let predicted = OutputTarget.predictedClass(at: .all)

  /// One class, wherever it is the predicted one if there are positions.
  public static func index(_ index: Int) -> OutputTarget { .classes([Term(index, 1)], at: .predicted) }

  /// One class, or the predicted one for nil.
  public init(_ index: Int?) { self = index.map { .index($0) } ?? .predicted }

  /// The class that it speaks for: of several, the first with the greatest number; nil where that depends on the outputs, or it
  /// is of no class.
  public var index: Int? {
    switch self {
    case .predictedClass, .positions, .values, .entry: nil
    case .classes(let terms, _): terms.max { $0.coefficient < $1.coefficient }?.index
    case .tensor(let numbers): numbers.indices.max { numbers[$0] < numbers[$1] }
    }
  }

  /// The target given what the network answers: a predicted class becomes that class, a region of it these positions.
  public func resolved(by outputs: ArraySlice<Float>, _ form: OutputForm) -> OutputTarget {
    if form.isVector {
      switch self {
      case .predictedClass: return .index(outputs.withUnsafeBufferPointer { $0.indexOfGreatest } ?? 0)
      case .classes, .tensor: return self
      case .positions, .values, .entry: break
      }
    }
    var numbers = [Float](repeating: 0, count: form.count)
    numbers.withUnsafeMutableBufferPointer { numbers in
      outputs.withUnsafeBufferPointer { outputs in
        guard let start = numbers.baseAddress, let outputs = outputs.baseAddress else { return }
        write(to: start, form)
        selection(in: form).apply(to: start, of: outputs, form)
      }
    }
    return .tensor(numbers)
  }

  /// The explained output, `Σ number · output`.
  ///
  /// - Precondition: it is resolved and fits the outputs.
  public func score(of outputs: ArraySlice<Float>) -> Double { score(of: outputs.map(Double.init)) }

  /// The explained output, `Σ number · output`.
  ///
  /// - Precondition: it is resolved and fits the outputs.
  public func score(of outputs: [Double]) -> Double {
    switch self {
    case .classes(let terms, _):
      outputs.count == 1
        ? outputs[0] : terms.reduce(0) { $0 + Double($1.coefficient) * outputs[$1.index] }
    case .tensor(let numbers): zip(numbers, outputs).reduce(0) { $0 + Double($1.0) * $1.1 }
    case .predictedClass, .positions, .values, .entry: preconditionFailure("a target that is not resolved")
    }
  }

  /// Checks that it fits an output.
  ///
  /// - Parameter classes: the number of classes that labels are of, where those are not the output's.
  /// - Throws: `EspalierError` naming what does not.
  public func check(_ form: OutputForm, classes: Int? = nil) throws {
    let classes = classes ?? form.classes
    func checkClass(_ index: Int) throws {
      guard 0..<classes ~= index else {
        throw EspalierError("target \(index) is not a class of this network", accepted: "0 to \(classes - 1)")
      }
    }
    switch self {
    case .predictedClass(let region): try region.check(form)
    case .classes(let terms, let region):
      for term in terms { try checkClass(term.index) }
      try region.check(form)
    case .values(let numbers):
      guard numbers.count == form.count else {
        throw EspalierError("a label of \(numbers.count) numbers", accepted: "\(form.count), as the output has")
      }
    case .positions(let indices, let region):
      try region.check(form)
      guard indices.count == form.positions else {
        throw EspalierError("labels of \(indices.count) positions", accepted: "\(form.positions), as the output has")
      }
      if let greatest = indices.max(), greatest >= 0 { try checkClass(Int(greatest)) }
    case .entry(let indices):
      guard indices.count == form.lengths.count, zip(indices, form.lengths).allSatisfy({ 0..<$1 ~= $0 }) else {
        throw EspalierError(
          "the output has no entry \(indices.map(String.init).joined(separator: ","))",
          accepted: "one index for each axis of \(Shape(form.lengths))")
      }
    case .tensor(let numbers):
      guard numbers.count == form.count else {
        throw EspalierError("a target of \(numbers.count) numbers", accepted: "\(form.count), as the output has")
      }
    }
  }
}

extension OutputTarget.Region {
  /// - Throws: `EspalierError` if it does not fit.
  fileprivate func check(_ form: OutputForm) throws {
    let lengths = form.positionLengths
    switch self {
    case .predicted, .all: break
    case .box(let ranges):
      guard ranges.count == lengths.count,
        zip(ranges, lengths).allSatisfy({ !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= $1 })
      else {
        throw EspalierError(
          "the output has no such positions",
          accepted: lengths.isEmpty
            ? "a class alone: the output has one position" : "one index or range for each axis of \(Shape(lengths))")
      }
    case .set(let isIn):
      guard isIn.count == form.positions else {
        throw EspalierError("a mask of \(isIn.count) positions", accepted: "\(form.positions), as the output has")
      }
    }
  }

  /// Whether each position belongs to it, whatever the outputs are.
  fileprivate func contains(_ form: OutputForm) -> (Int) -> Bool {
    switch self {
    case .predicted, .all: return { _ in true }
    case .set(let isIn): return { isIn[$0] }
    case .box(let ranges):
      let lengths = form.positionLengths
      return { position in
        var rest = position
        for (range, length) in zip(ranges, lengths).reversed() {
          guard range.contains(rest % length) else { return false }
          rest /= length
        }
        return true
      }
    }
  }
}

/// Which of a target's numbers count, given the outputs.
enum OutputSelection {
  /// All.
  case asTheyAre
  /// Those at positions where a class is the predicted one.
  case wherePredicted(Int)
  /// Those of each position's predicted class.
  case ofPredicted
  /// None: they are what outputs should be, and 1 counts everywhere.
  case labels

  /// Sets the other numbers to 0.
  func apply(to numbers: UnsafeMutablePointer<Float>, of outputs: UnsafePointer<Float>, _ form: OutputForm) {
    if case .asTheyAre = self { return }
    if case .labels = self { return numbers.update(repeating: 1, count: form.count) }
    for position in 0..<form.positions {
      let start = form.start(ofPosition: position)
      let predicted = form.predictedClass(outputs, start)
      switch self {
      case .asTheyAre, .labels: break
      case .ofPredicted: for k in 0..<form.classes where k != predicted { numbers[start + k * form.stride] = 0 }
      case .wherePredicted(let index):
        if predicted != (form.classes == 1 ? 0 : index) {
          for k in 0..<form.classes { numbers[start + k * form.stride] = 0 }
        }
      }
    }
  }
}

extension OutputTarget {
  /// Which of the numbers that ``write(to:_:)`` writes count, given the outputs.
  func selection(in form: OutputForm) -> OutputSelection {
    switch self {
    case .predictedClass: .ofPredicted
    case .values: .labels
    case .classes(_, at: .predicted) where !form.isVector: .wherePredicted(index ?? 0)
    default: .asTheyAre
    }
  }

  /// Adds the target's numbers to zeros, one an entry.
  ///
  /// - Precondition: it fits the output.
  func write(to numbers: UnsafeMutablePointer<Float>, _ form: OutputForm) {
    switch self {
    case .predictedClass(let region):
      let isIn = region.contains(form)
      for position in 0..<form.positions where isIn(position) {
        let start = form.start(ofPosition: position)
        for k in 0..<form.classes { numbers[start + k * form.stride] = 1 }
      }
    case .classes(let terms, let region):
      let isIn = region.contains(form)
      for position in 0..<form.positions where isIn(position) {
        let start = form.start(ofPosition: position)
        // What a single output explains is that output, whichever class it speaks for.
        if form.classes == 1 {
          numbers[start] = 1
        } else {
          for term in terms { numbers[start + term.index * form.stride] += term.coefficient }
        }
      }
    case .values(let own): for (entry, number) in own.enumerated() { numbers[entry] = number }
    case .positions(let indices, let region):
      let isIn = region.contains(form)
      for (position, index) in indices.enumerated() where index >= 0 && isIn(position) {
        numbers[form.start(ofPosition: position) + (form.classes == 1 ? 0 : Int(index) * form.stride)] = 1
      }
    case .entry(let indices): numbers[form.offset(of: indices)] = 1
    case .tensor(let own): for (entry, number) in own.enumerated() { numbers[entry] = number }
    }
  }

  /// Writes the class of each position for losses: below 0 one of ``LossLabel``.
  ///
  /// - Precondition: it fits the output.
  func writeLabels(to labels: UnsafeMutablePointer<Float>, _ form: OutputForm) {
    switch self {
    case .positions(let indices, let region):
      let isIn = region.contains(form)
      for (position, index) in indices.enumerated() {
        labels[position] = index < 0 || !isIn(position) ? LossLabel.none : Float(index)
      }
    case .classes(_, let region):
      let isIn = region.contains(form)
      let index = Float(index ?? 0)
      let label = region == .predicted && !form.isVector ? LossLabel.wherePredicted(index) : index
      for position in 0..<form.positions { labels[position] = isIn(position) ? label : LossLabel.none }
    case .predictedClass(let region):
      let isIn = region.contains(form)
      for position in 0..<form.positions { labels[position] = isIn(position) ? LossLabel.predicted : LossLabel.none }
    case .entry, .tensor, .values:
      let label = form.isVector ? index.map(Float.init) ?? LossLabel.predicted : LossLabel.predicted
      for position in 0..<form.positions { labels[position] = label }
    }
  }
}

/// What stands in the position of a class in labels of losses.
enum LossLabel {
  /// The predicted class.
  static let predicted: Float = -1
  /// No loss.
  static let none: Float = -2
  /// A class where it is the predicted one, and no loss elsewhere.
  static func wherePredicted(_ index: Float) -> Float { -3 - index }

  /// The class that is meant at a position; nil for no loss there.
  ///
  /// - Parameter predicted: the predicted class.
  static func resolved(_ label: Float, predicted: Int) -> Int? {
    if label >= 0 { return Int(label) }
    if label == LossLabel.predicted { return predicted }
    return label == wherePredicted(Float(predicted)) ? predicted : nil
  }
}

extension OutputForm {
  /// The class with the greatest number at a position, the first of equals; of a single number a position the only one, where
  /// that is above 0.
  ///
  /// - Parameter start: ``start(ofPosition:)``.
  func predictedClass(_ outputs: UnsafePointer<Float>, _ start: Int) -> Int? {
    if classes == 1 { return isVector || outputs[start] > 0 ? 0 : nil }
    if stride == 1 { return UnsafeBufferPointer(start: outputs + start, count: classes).indexOfGreatest ?? 0 }
    return (0..<classes).lazy.map { outputs[start + $0 * stride] }.indexOfGreatest ?? 0
  }
}

extension Tensor<Float> {
  /// A row of `[n, …]`.
  func outputs(ofRow row: Int) -> ArraySlice<Float> {
    let count = count / Swift.max(shape[0], 1)
    return elements[row * count..<(row + 1) * count]
  }

  /// The position of the greatest number in a row of `[n, K]`, the first of equals.
  func largest(inRow row: Int) -> Int { outputs(ofRow: row).withUnsafeBufferPointer { $0.indexOfGreatest } ?? 0 }

  /// Of outputs `[n, …]`, one row of classes `[n, K]`: as they are, or the share of positions at which each is the predicted one.
  public func perClass(_ form: OutputForm) -> Tensor {
    guard !form.isVector else { return self }
    var shares = Tensor(repeating: 0, shape: [shape[0], form.classes])
    for row in 0..<shape[0] {
      outputs(ofRow: row).withUnsafeBufferPointer { outputs in
        for position in 0..<form.positions {
          if let k = outputs.baseAddress.flatMap({ form.predictedClass($0, form.start(ofPosition: position)) }) {
            shares[row, k] += 1
          }
        }
      }
      for k in 0..<form.classes { shares[row, k] /= Float(form.positions) }
    }
    return shares
  }
}
