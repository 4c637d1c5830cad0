/// Every rule, by name.
public enum RuleCatalog {
  /// The rules.
  public static let all: [any Rule.Type] = [
    AlphaBetaRule.self, EpsilonRule.self, FlatRule.self, GammaRule.self, GradientRule.self, NormRule.self, PassRule.self,
    ReLUBetaSmoothRule.self, ReLUDeconvNetRule.self, ReLUGuidedBackpropRule.self, WSquareRule.self, ZBoxRule.self, ZPlusRule.self,
  ]
}
