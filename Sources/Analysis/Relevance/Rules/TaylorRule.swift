/// Deep Taylor decomposition of a softmax s of x, with its bias: `R_in = x (R − s ΣR)`, the sum being over the softmax's axis.
///
/// Source: Achtibat et al., ICML 2024, proposition 3.1; LXT's `SoftmaxDT`. As there, an x of −∞ (a mask) gets nothing. The rule does
/// not conserve relevance: the decomposition has a bias.
public struct TaylorRule: Rule {
  public static let name = "taylor"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .taylor }
}
