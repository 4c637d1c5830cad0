/// A rectifier's gradient smoothed: `sigmoid(β x) · R`, the gradient of a softplus.
///
/// Source: Dombrowski et al., "Explanations can be manipulated and geometry is to blame", NeurIPS 2019.
public struct ReLUBetaSmoothRule: Rule {
  public static let name = "relu-beta-smooth"
  /// The sharpness; a rectifier as it grows.
  public var beta: Float

  /// Makes the rule.
  public init(beta: Float = 10) { self.beta = beta }

  public static var parameters: String { "beta=10" }

  public init(_ parameters: inout ParameterList) throws { self.init(beta: try parameters.float("beta", default: 10)) }

  public var behaviour: RuleBehaviour { .activation(.smooth(beta: beta)) }
}
