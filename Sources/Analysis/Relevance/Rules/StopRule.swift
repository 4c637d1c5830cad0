/// Relevance that ends here, so that it reaches the input by other ways only; LXT's `StopRelevance`.
///
/// At the sigmoid of a gate it keeps relevance from the gate.
public struct StopRule: Rule {
  public static let name = "stop"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .stop }
}
