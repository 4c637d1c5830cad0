/// Relevance handed on unchanged, for activations and normalisations.
public struct PassRule: Rule {
  public static let name = "pass"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .pass }
}
