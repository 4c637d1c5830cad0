import Engine

/// LRP-ε: `R_in = x · Wᵀ(R / st(W x + b))`; with ε = 0 it is LRP-0, that is gradient × input.
///
/// Source: Bach et al., "On pixel-wise explanations for non-linear classifier decisions by layer-wise relevance propagation",
/// PLoS ONE 2015, equation 58. As in zennit, the bias takes its share of the relevance unless it is left out.
public struct EpsilonRule: Rule {
  public static let name = "epsilon"
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer
  /// Whether the bias counts as zero.
  public var ignoresBias: Bool

  /// Makes the rule.
  public init(_ stabilizer: Stabilizer = Stabilizer(), ignoresBias: Bool = false) {
    self.stabilizer = stabilizer
    self.ignoresBias = ignoresBias
  }

  public static var parameters: String { "bias=true,\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws {
    self.init(try parameters.stabilizer(), ignoresBias: try parameters.ignoresBias())
  }

  public var behaviour: RuleBehaviour {
    .decomposition([RulePart([.init(.asIs, .asIs, bias: ignoresBias ? nil : .asIs)], stabilizer: stabilizer)])
  }
}
