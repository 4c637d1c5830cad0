/// Equal shares for the operands of a product of matrices, each in proportion to what its elements contributed: for `O = A V`,
/// `R(A) = A · (R / st(2 O)) Vᵀ` and `R(V) = V · Aᵀ (R / st(2 O))`.
///
/// Source: Achtibat et al., ICML 2024, proposition 3.3; LXT's `UniformEpsilonRule` and `matmul`. An operand that does not depend on
/// the network's input, or from which a rule `stop` keeps relevance, counts as a constant: the other one gets all, as in CP-LRP.
public struct UniformEpsilonRule: Rule {
  public static let name = "uniform-epsilon"
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  public init(_ stabilizer: Stabilizer = Stabilizer()) { self.stabilizer = stabilizer }

  public static var parameters: String { "\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws { self.init(try parameters.stabilizer()) }

  public var behaviour: RuleBehaviour { .sharedDecomposition(stabilizer) }
}
