/// Guided backpropagation's rule for rectifiers: the gradient where the relevance is positive.
///
/// Source: Springenberg et al., "Striving for simplicity: the all convolutional net", ICLR workshop 2015.
public struct ReLUGuidedBackpropRule: Rule {
  public static let name = "relu-guided-backprop"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .activation(.positiveGradient) }
}
