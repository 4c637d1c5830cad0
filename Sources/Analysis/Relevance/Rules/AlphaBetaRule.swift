import Engine
import Tensors

/// LRP-αβ: positive contributions count α, negative ones −β, with α − β = 1.
///
/// `z_α = W⁺x⁺ + W⁻x⁻ + b⁺`, `z_β = W⁻x⁺ + W⁺x⁻ + b⁻`,
/// `R_in = α (x⁺ · W⁺ᵀ + x⁻ · W⁻ᵀ)(R / z_α) − β (x⁺ · W⁻ᵀ + x⁻ · W⁺ᵀ)(R / z_β)`.
///
/// Source: Bach et al., PLoS ONE 2015, equation 60.
public struct AlphaBetaRule: Rule {
  public static let name = "alphabeta"
  /// The weight of positive contributions.
  public let alpha: Float
  /// The weight of negative contributions.
  public let beta: Float
  /// What keeps the denominators from zero.
  public var stabilizer: Stabilizer
  /// Whether the bias counts as zero.
  public var ignoresBias: Bool

  /// Makes the rule.
  ///
  /// - Throws: `EspalierError` unless α and β are at least 0 and α − β = 1.
  public init(alpha: Float = 2, beta: Float = 1, stabilizer: Stabilizer = Stabilizer(), ignoresBias: Bool = false) throws {
    guard alpha >= 0, beta >= 0, alpha - beta == 1 else {
      throw EspalierError(
        "alpha \(alpha) and beta \(beta)", location: "rule 'alphabeta'", accepted: "numbers from 0 up, alpha − beta = 1")
    }
    self.init(unchecked: alpha, beta, stabilizer: stabilizer, ignoresBias: ignoresBias)
  }

  init(unchecked alpha: Float, _ beta: Float, stabilizer: Stabilizer = Stabilizer(), ignoresBias: Bool = false) {
    self.alpha = alpha
    self.beta = beta
    self.stabilizer = stabilizer
    self.ignoresBias = ignoresBias
  }

  public static var parameters: String { "alpha=2,beta=1,bias=true,\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws {
    let (alpha, beta) = (try parameters.float("alpha", default: 2), try parameters.float("beta", default: 1))
    try self.init(alpha: alpha, beta: beta, stabilizer: parameters.stabilizer(), ignoresBias: parameters.ignoresBias())
  }

  public var behaviour: RuleBehaviour {
    var parts = [
      RulePart(
        [.init(.positive, .positivePart, bias: ignoresBias ? nil : .positivePart), .init(.negative, .negativePart)],
        stabilizer: stabilizer, coefficient: alpha)
    ]
    if beta != 0 {
      parts.append(
        RulePart(
          [.init(.positive, .negativePart, bias: ignoresBias ? nil : .negativePart), .init(.negative, .positivePart)],
          stabilizer: stabilizer, coefficient: -beta))
    }
    return .decomposition(parts)
  }
}
