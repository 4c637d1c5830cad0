import Analysis
import Tensors

/// The criteria by name, beside those that `ScoreCatalog` reads from statistics of a site.
public enum CriterionCatalog {
  /// Those that the weights alone yield; one file each in this folder.
  public static let all: [any WeightCriterion.Type] = [
    RandomCriterion.self, L1Criterion.self, L2Criterion.self, FPGMCriterion.self, BatchNormScaleCriterion.self,
    OutgoingNormCriterion.self, IncomingNormCriterion.self, DataFreeCriterion.self,
  ]

  /// Those that need pictures; one file each in this folder.
  public static let data: [any DataCriterion.Type] = [
    GroupFisherCriterion.self, InputXGradientCriterion.self, OBDCriterion.self, ThiNetCriterion.self, DivNetCriterion.self,
    TaylorFLOPsCriterion.self,
  ]

  /// All names.
  public static var names: [String] { all.map { $0.name } + data.map { $0.name } }

  /// The criterion of weights of a text, `NAME[:key=value,…]`; nil where the name is none of these.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  public static func criterion(_ text: String) throws -> (any WeightCriterion)? {
    var parameters = try ParameterList(text)
    guard let type = all.first(where: { $0.name == parameters.name }) else { return nil }
    return try naming(place: "criterion '\(parameters.name)'") {
      let criterion = try type.init(&parameters)
      try parameters.finish()
      return criterion
    }
  }

  /// The criterion of pictures of a text, `NAME[:key=value,…]`; nil where the name is none of these.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  public static func dataCriterion(_ text: String) throws -> (any DataCriterion)? {
    var parameters = try ParameterList(text)
    guard let type = data.first(where: { $0.name == parameters.name }) else { return nil }
    return try naming(place: "criterion '\(parameters.name)'") {
      let criterion = try type.init(&parameters)
      try parameters.finish()
      return criterion
    }
  }
}
