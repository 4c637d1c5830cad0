/// Equal shares of relevance for the operands of a product or sum, `R / n` for each of n that depend on the input.
///
/// Source: Achtibat et al., ICML 2024, proposition 3.3; LXT's `Uniform`. An operand that is repeated, such as the gate of
/// squeeze and excitation, gets the sum over its copies, so that relevance is conserved, which the gradient does not do at a
/// product. An operand from which a rule `stop` keeps relevance counts as a constant.
public struct UniformRule: Rule {
  public static let name = "uniform"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .equalShares }
}
