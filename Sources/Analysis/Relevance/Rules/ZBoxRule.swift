import Engine
import Tensors

/// LRP-zᴮ for pixels in a box [low, high]: `z = W x − W⁺ low − W⁻ high`, `R_in = x · Wᵀs − low · W⁺ᵀs − high · W⁻ᵀs`, s = R / z.
///
/// Source: Montavon et al., Pattern Recognition 2017, equation 13. The bias cancels. As in zennit the box does not reach into
/// the padding.
public struct ZBoxRule: Rule {
  public static let name = "zbox"
  /// The lowest value that a pixel can have.
  public let low: Float
  /// The highest.
  public let high: Float
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  ///
  /// - Throws: `EspalierError` unless low < high.
  public init(low: Float, high: Float, stabilizer: Stabilizer = Stabilizer()) throws {
    guard low < high else { throw EspalierError("low \(low) and high \(high)", place: "rule 'zbox'", accepted: "low < high") }
    self.low = low
    self.high = high
    self.stabilizer = stabilizer
  }

  public static var parameters: String { "low,high,\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws {
    let (low, high) = (try parameters.float("low", default: nil), try parameters.float("high", default: nil))
    try self.init(low: low, high: high, stabilizer: parameters.stabilizer())
  }

  public var behaviour: RuleBehaviour {
    .decomposition([
      RulePart(
        [
          .init(.asIs, .asIs), .init(.constant(low), .positivePart, isSubtracted: true),
          .init(.constant(high), .negativePart, isSubtracted: true),
        ], stabilizer: stabilizer)
    ])
  }
}
