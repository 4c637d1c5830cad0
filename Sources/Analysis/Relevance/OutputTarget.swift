import Tensors

/// What of one sample's outputs is explained: a number for each of the K outputs, by which relevance starts there.
///
/// With start `one-hot` relevance starts at these numbers themselves, with `logit` at their products with the outputs.
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

  /// 1 at the class with the greatest output, the first of equals.
  case predicted
  /// 1 at one class.
  case index(Int)
  /// Several classes, those that speak for it against those that speak against it.
  case contrast([Term])
  /// Any numbers, one an output.
  case tensor([Float])

  /// One class, or the predicted one for nil.
  public init(_ index: Int?) { self = index.map { .index($0) } ?? .predicted }

  /// The class that it speaks for: of several, the first with the greatest number; nil where that depends on the outputs.
  public var index: Int? {
    switch self {
    case .predicted: nil
    case .index(let index): index
    case .contrast(let terms): terms.max { $0.coefficient < $1.coefficient }?.index
    case .tensor(let numbers): numbers.indices.max { numbers[$0] < numbers[$1] }
    }
  }

  /// The target given what the network answers: a predicted class becomes that class.
  public func resolved(by outputs: ArraySlice<Float>) -> OutputTarget {
    guard case .predicted = self else { return self }
    return .index(outputs.indices.max { outputs[$0] < outputs[$1] }.map { $0 - outputs.startIndex } ?? 0)
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
    case .predicted: preconditionFailure("a target that depends on the outputs")
    case .index(let index): outputs[index]
    case .contrast(let terms): terms.reduce(0) { $0 + Double($1.coefficient) * outputs[$1.index] }
    case .tensor(let numbers): zip(numbers, outputs).reduce(0) { $0 + Double($1.0) * $1.1 }
    }
  }

  /// Checks that it fits K outputs.
  ///
  /// - Throws: `EspalierError` naming what does not.
  public func check(classes: Int) throws {
    let indices: [Int] =
      switch self {
      case .predicted: []
      case .index(let index): [index]
      case .contrast(let terms): terms.map(\.index)
      case .tensor: []
      }
    if case .tensor(let numbers) = self, numbers.count != classes {
      throw EspalierError("a target of \(numbers.count) numbers", accepted: "\(classes)")
    }
    if let index = indices.first(where: { !(0..<classes ~= $0) }) {
      throw EspalierError("target \(index) is not a class of this network", accepted: "0 to \(classes - 1)")
    }
  }
}

extension Tensor<Float> {
  /// A row of `[N, K]`.
  func outputs(ofRow row: Int) -> ArraySlice<Float> { elements[row * shape[1]..<(row + 1) * shape[1]] }

  /// The position of the greatest number in a row of `[n, K]`, the first of equals.
  func largest(inRow row: Int) -> Int { OutputTarget.predicted.resolved(by: outputs(ofRow: row)).index ?? 0 }
}
