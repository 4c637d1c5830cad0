/// LRP-flat: relevance spread evenly over the window: `R_in = 1ᵀ(R / st(number of inputs))`.
///
/// Source: Lapuschkin et al., "Unmasking Clever Hans predictors and assessing what machines really learn", Nature
/// Communications 2019. Padding is zero, so that outputs at the border divide by less.
public struct FlatRule: Rule {
  public static let name = "flat"
  /// What keeps the denominator from zero.
  public var stabilizer: Stabilizer

  /// Makes the rule.
  public init(_ stabilizer: Stabilizer = Stabilizer()) { self.stabilizer = stabilizer }

  public static var parameters: String { "\(ParameterList.stabilizing)" }

  public init(_ parameters: inout ParameterList) throws { self.init(try parameters.stabilizer()) }

  public var behaviour: RuleBehaviour {
    .decomposition([RulePart([.init(.constant(1), .ones)], stabilizer: stabilizer)])
  }
}
