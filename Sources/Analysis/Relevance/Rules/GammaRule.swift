import Engine

/// LRP-γ, generalised to inputs of both signs: positive contributions count 1 + γ.
///
/// With `W_p = W + γ W⁺`, `W_n = W + γ W⁻` (biases alike): outputs y > 0 divide by `W_p x⁺ + W_n x⁻ + b_p`, outputs y < 0 by
/// `W_n x⁺ + W_p x⁻ + b_n`; outputs y = 0 drop their relevance.
///
/// Source: Montavon et al., "Layer-wise relevance propagation: an overview", 2019, section 10.2.1, in zennit's generalised form.
/// As there, the sign of y is the unchanged layer's even where the bias is left out of the denominators.
public struct GammaRule: Rule {
  public static let name = "gamma"
  /// How much more positive contributions count.
  public var gamma: Float
  /// What keeps the denominators from zero.
  public var stabilizer: Stabilizer
  /// Whether the bias counts as zero.
  public var ignoresBias: Bool

  /// Makes the rule.
  public init(gamma: Float = 0.25, stabilizer: Stabilizer = Stabilizer(), ignoresBias: Bool = false) {
    self.gamma = gamma
    self.stabilizer = stabilizer
    self.ignoresBias = ignoresBias
  }

  public static var parameters: String { "gamma=0.25,bias=true,\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws {
    self.init(
      gamma: try parameters.float("gamma", default: 0.25, from: 0), stabilizer: try parameters.stabilizer(),
      ignoresBias: try parameters.ignoresBias())
  }

  public var behaviour: RuleBehaviour {
    let more = ParameterForm.signed(positive: 1 + gamma, negative: 1)
    let less = ParameterForm.signed(positive: 1, negative: 1 + gamma)
    return .decomposition([
      RulePart(
        [.init(.positive, more, bias: ignoresBias ? nil : more), .init(.negative, less)], stabilizer: stabilizer,
        gate: .positiveOutput),
      RulePart(
        [.init(.positive, less, bias: ignoresBias ? nil : less), .init(.negative, more)], stabilizer: stabilizer,
        gate: .negativeOutput),
    ])
  }
}
