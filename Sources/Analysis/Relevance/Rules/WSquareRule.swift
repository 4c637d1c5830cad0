import Engine

/// LRP-w²: relevance in proportion to squared weights: `R_in = (W²)ᵀ(R / st(Σ w² + b²))`.
///
/// Source: Montavon et al., Pattern Recognition 2017, equation 12. As in zennit the bias is squared and counted.
public struct WSquareRule: Rule {
  public static let name = "wsquare"
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
    .decomposition([RulePart([.init(.constant(1), .squared, bias: ignoresBias ? nil : .squared)], stabilizer: stabilizer)])
  }
}
