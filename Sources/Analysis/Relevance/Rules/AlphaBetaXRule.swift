import Engine

/// Four coefficients for the four products of signs, each divided by its own sum; without bias.
///
/// `R_in = pp · x⁺ · W⁺ᵀ(R / W⁺x⁺) + pn · x⁺ · W⁻ᵀ(R / W⁻x⁺) + np · x⁻ · W⁺ᵀ(R / W⁺x⁻) + nn · x⁻ · W⁻ᵀ(R / W⁻x⁻)`.
///
/// Source: iNNvestigate's `AlphaBetaX` rules: X1000 is pp = 1; X1010 pp = np = 1; X1001 pp = nn = 1; X2m100 pp = 2, pn = −1.
/// Where a sum is empty its share of the relevance is lost.
public struct AlphaBetaXRule: Rule {
  public static let name = "alphabetax"
  public static var parameters: String { "pp=1,pn=0,np=0,nn=0,\(ParameterList.stabilizing)" }
  /// The coefficients of x⁺W⁺, x⁺W⁻, x⁻W⁺ and x⁻W⁻.
  public var pp, pn, np, nn: Float
  /// What keeps the denominators from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  public init(pp: Float = 1, pn: Float = 0, np: Float = 0, nn: Float = 0, stabilizer: Stabilizer = Stabilizer()) {
    (self.pp, self.pn, self.np, self.nn) = (pp, pn, np, nn)
    self.stabilizer = stabilizer
  }

  public init(_ parameters: inout ParameterList) throws {
    self.init(
      pp: try parameters.float("pp", default: 1), pn: try parameters.float("pn", default: 0),
      np: try parameters.float("np", default: 0), nn: try parameters.float("nn", default: 0),
      stabilizer: try parameters.stabilizer())
  }

  public var behaviour: RuleBehaviour {
    let products: [(Float, RulePart.Input, ParameterForm)] = [
      (pp, .positive, .positivePart), (pn, .positive, .negativePart), (np, .negative, .positivePart),
      (nn, .negative, .negativePart),
    ]
    return .decomposition(
      products.filter { $0.0 != 0 }.map { RulePart([.init($0.1, $0.2)], stabilizer: stabilizer, coefficient: $0.0) })
  }
}
