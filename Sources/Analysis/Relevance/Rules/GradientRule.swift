/// Relevance treated as a gradient: what every layer does that a composite does not name.
public struct GradientRule: Rule {
  public static let name = "gradient"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .gradient }
}
