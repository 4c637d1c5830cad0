/// A layer norm whose deviation counts as a constant: `R_in = x · J(R / st(y))` with `y = γ (x − mean) / σ + β` and J the transposed
/// derivative of y for a fixed σ, `J(q) = γ q / σ − mean of (γ q / σ)`.
///
/// Source: Achtibat et al., ICML 2024, proposition 3.4 and equation 8, as LXT's `LayerNormEpsilon` puts them together; the same as
/// the rule for layer norms of Ali et al., ICML 2022, section 4.2, but for β, which takes its share of the relevance here as in LXT.
public struct LayerNormRule: Rule {
  public static let name = "layer-norm"
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  public init(_ stabilizer: Stabilizer = Stabilizer()) { self.stabilizer = stabilizer }

  public static var parameters: String { "\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws { self.init(try parameters.stabilizer()) }

  public var behaviour: RuleBehaviour { .constantDeviation(stabilizer) }
}
