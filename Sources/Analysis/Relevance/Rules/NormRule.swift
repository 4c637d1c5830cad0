/// Relevance in proportion to the inputs' shares of the output, the layer unchanged: `R_in = x · fᵀ(R / st(f(x)))`.
///
/// For residual sums of maps of one shape (those that broadcast are refused) and average pools; zennit's `Norm`. At a softmax it
/// is the deep Taylor decomposition that LXT uses there, `x (R − y ΣR)` (Achtibat et al., ICML 2024, proposition 3.1).
public struct NormRule: Rule {
  public static let name = "norm"
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  public init(_ stabilizer: Stabilizer = Stabilizer()) { self.stabilizer = stabilizer }

  public static var parameters: String { "\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws { self.init(try parameters.stabilizer()) }

  public var behaviour: RuleBehaviour {
    .decomposition([RulePart([.init(.asIs, .asIs, bias: .asIs)], stabilizer: stabilizer)])
  }
}
