import Engine
import Tensors

/// LRP-zᴮ for pixels in a box [low, high]: `z = W x − W⁺ low − W⁻ high`, `R_in = x · Wᵀs − low · W⁺ᵀs − high · W⁻ᵀs`, s = R / z.
///
/// Source: Montavon et al., Pattern Recognition 2017, equation 13. The bias cancels. As in zennit the box does not reach into
/// the padding.
///
/// Low and high are one number, or one for each channel of the input: pixels from 0 to 1 that were normalised lie between
/// `−mean / std` and `(1 − mean) / std`.
public struct ZBoxRule: Rule {
  public static let name = "zbox"
  /// The lowest value that a pixel can have; one number, or one a channel.
  public let low: [Float]
  /// The highest.
  public let high: [Float]
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  ///
  /// - Throws: `EspalierError` unless low < high in every channel.
  public init(low: [Float], high: [Float], stabilizer: Stabilizer = Stabilizer()) throws {
    let count = max(low.count, high.count)
    guard !low.isEmpty, !high.isEmpty, [1, count].contains(low.count), [1, count].contains(high.count),
      (0..<count).allSatisfy({ low[low.count == 1 ? 0 : $0] < high[high.count == 1 ? 0 : $0] })
    else {
      func text(_ numbers: [Float]) -> String { numbers.map { "\($0)" }.joined(separator: "/") }
      throw EspalierError(
        "low \(text(low)) and high \(text(high))", location: "rule 'zbox'",
        accepted: "low < high, each one number or one a channel")
    }
    self.low = low
    self.high = high
    self.stabilizer = stabilizer
  }

  public static var parameters: String { "low,high,\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws {
    let (low, high) = (try parameters.floats("low"), try parameters.floats("high"))
    try self.init(low: low, high: high, stabilizer: parameters.stabilizer())
  }

  public var behaviour: RuleBehaviour {
    func everywhere(_ numbers: [Float]) -> RulePart.Input { numbers.count == 1 ? .constant(numbers[0]) : .channels(numbers) }
    return .decomposition([
      RulePart(
        [
          .init(.asIs, .asIs), .init(everywhere(low), .positivePart, isSubtracted: true),
          .init(everywhere(high), .negativePart, isSubtracted: true),
        ], stabilizer: stabilizer)
    ])
  }
}
