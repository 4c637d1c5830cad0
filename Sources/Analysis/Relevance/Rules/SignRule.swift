import Engine

/// SIGN: the input's sign instead of its magnitude: `R_in = s · Wᵀ(R / st(W x + b))`, s = 1 where x ≥ μ, −1 elsewhere.
///
/// For the first layer. Sources: SignXAI2's SIGN (μ = 0) and SIGNmu, after Gumpfer et al., "SIGNed explanations: unveiling
/// relevant features by reducing bias", Information Fusion 2023. Relevance is not conserved.
public struct SignRule: Rule {
  public static let name = "sign"
  public static var parameters: String { "mu=0,bias=true,\(ParameterList.stabilizing)" }
  /// From which value on an input counts as positive.
  public var mu: Float
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer
  /// Whether the bias counts as zero.
  public var ignoresBias: Bool

  /// Makes the rule.
  public init(mu: Float = 0, stabilizer: Stabilizer = Stabilizer(), ignoresBias: Bool = false) {
    self.mu = mu
    self.stabilizer = stabilizer
    self.ignoresBias = ignoresBias
  }

  public init(_ parameters: inout ParameterList) throws {
    self.init(
      mu: try parameters.float("mu", default: 0), stabilizer: try parameters.stabilizer(),
      ignoresBias: try parameters.ignoresBias())
  }

  public var behaviour: RuleBehaviour {
    let term = RulePart.Term(.asIs, .asIs, bias: ignoresBias ? nil : .asIs, weighing: .sign(threshold: mu))
    return .decomposition([RulePart([term], stabilizer: stabilizer)])
  }
}
