/// Relevance handed on unchanged, for activations and normalisations.
///
/// Of several inputs the first that has the output's shape gets all: at a gate the gated feature map, and the gate nothing
/// ("signal takes it all", Arras et al., WASSA 2017, section 3.2).
public struct PassRule: Rule {
  public static let name = "pass"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .pass }
}
