import Tensors

/// Every rule, by name.
public enum RuleCatalog {
  /// The rules.
  public static let all: [any Rule.Type] = [
    AlphaBetaRule.self, AlphaBetaXRule.self, EpsilonRule.self, FlatRule.self, GammaRule.self, GradientRule.self,
    LayerNormRule.self, NormRule.self, PassRule.self, ReLUBetaSmoothRule.self, ReLUDeconvNetRule.self,
    ReLUGuidedBackpropRule.self, SignRule.self, StopRule.self, TaylorRule.self, UniformEpsilonRule.self, UniformRule.self,
    WSquareRule.self, ZBoxRule.self, ZPlusRule.self,
  ]

  /// The names with their parameters, as people are told them.
  public static var forms: [String] { all.map { $0.parameters.isEmpty ? $0.name : "\($0.name):\($0.parameters)" } }

  /// The rule that a list of parameters names.
  ///
  /// - Throws: `EspalierError` naming what is not known, and what is.
  public static func rule(_ list: ParameterList) throws -> any Rule {
    guard let type = all.first(where: { $0.name == list.name }) else {
      throw EspalierError(unknown: "rule", list.name, among: all.map { $0.name }, topic: "rules")
    }
    var list = list
    return try naming(location: "rule '\(list.name)'") {
      let rule = try type.init(&list)
      do { try list.finish() } catch var error as EspalierError {
        error.accepted = type.parameters.isEmpty ? "no parameter" : type.parameters
        throw error
      }
      return rule
    }
  }
}
