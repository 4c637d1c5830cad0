/// Relevance that ends here, so that it reaches the input by other ways only; LXT's `StopRelevance`.
///
/// At the sigmoid of a gate it keeps relevance from the gate. What only leads to such layers counts as a constant for the rules
/// behind it: at a softmax it makes of AttnLRP what CP-LRP does (Ali et al., ICML 2022, section 4.1).
public struct StopRule: Rule {
  public static let name = "stop"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .stop }
}
