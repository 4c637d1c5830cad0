/// DeconvNet's rule for rectifiers: `max(R, 0)`, whatever the rectifier let through.
///
/// Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.
public struct ReLUDeconvNetRule: Rule {
  public static let name = "relu-deconvnet"

  /// Makes the rule.
  public init() {}

  public init(_ parameters: inout ParameterList) throws { self.init() }

  public var behaviour: RuleBehaviour { .activation(.positiveRelevance) }
}
