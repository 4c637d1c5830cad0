/// LRP-z⁺: only positive contributions count; `AlphaBeta(1, 0)`.
///
/// Source: Montavon et al., "Explaining nonlinear classification decisions with deep Taylor decomposition", Pattern
/// Recognition 2017. As in zennit, and unlike the paper, negative inputs meet negative weights, and a positive bias takes its
/// share.
public struct ZPlusRule: Rule {
  public static let name = "zplus"
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer
  /// Whether the bias counts as zero.
  public var ignoresBias: Bool

  /// Makes the rule.
  public init(_ stabilizer: Stabilizer = Stabilizer(), ignoresBias: Bool = false) {
    self.stabilizer = stabilizer
    self.ignoresBias = ignoresBias
  }

  public static var parameters: String { "bias=true,\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws {
    self.init(try parameters.stabilizer(), ignoresBias: try parameters.ignoresBias())
  }

  public var behaviour: RuleBehaviour {
    AlphaBetaRule(unchecked: 1, 0, stabilizer: stabilizer, ignoresBias: ignoresBias).behaviour
  }
}
