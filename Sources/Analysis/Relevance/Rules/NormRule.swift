/// Relevance in proportion to the inputs' shares of the output, the layer unchanged: `R_in = x · fᵀ(R / st(f(x)))`.
///
/// For sums, differences and averages; zennit's `Norm`. An operand of a sum that is repeated gets the sum over its copies. A
/// constant stands in the denominator and takes its share of the relevance with it, as in LXT's `add2`.
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
