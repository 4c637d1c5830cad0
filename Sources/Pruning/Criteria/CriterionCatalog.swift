import Analysis
import Tensors

/// The criteria by name, beside those that `ScoreCatalog` reads from statistics of a site.
public enum CriterionCatalog {
  /// Those that the weights alone yield; one file each in this folder.
  public static let all: [any WeightCriterion.Type] = [
    RandomCriterion.self, L1Criterion.self, L2Criterion.self, FPGMCriterion.self, BatchNormScaleCriterion.self,
    OutgoingNormCriterion.self, IncomingNormCriterion.self, DataFreeCriterion.self,
  ]

  /// Those that need images; one file each in this folder.
  public static let data: [any DataCriterion.Type] = [
    GroupFisherCriterion.self, InputXGradientCriterion.self, OBDCriterion.self, ThiNetCriterion.self, DivNetCriterion.self,
    TaylorFLOPsCriterion.self,
  ]

  /// All names.
  public static var names: [String] { all.map { $0.name } + data.map { $0.name } }

  /// Whether a criterion's scores are comparable between layers as they are; others are brought to a common scale.
  public static func isComparable(_ name: String) -> Bool {
    all.first { $0.name == name }?.isComparable ?? data.first { $0.name == name }?.isComparable
      ?? ScoreCatalog.isComparable(name)
  }

  /// The criteria whose scores are comparable as they are.
  public static var comparable: [String] { (names + ScoreCatalog.names).filter(isComparable) }

  /// Whether a criterion is computed from images.
  public static func needsImages(_ name: String) -> Bool {
    data.contains { $0.name == name } || ScoreCatalog.names.contains(name)
  }

  /// That there is no criterion of a name, with those that begin with it, or the nearest.
  public static func unknown(_ text: String) -> EspalierError {
    let (name, every) = (ParameterList.name(of: text), names + ScoreCatalog.names)
    let kin = every.filter { !name.isEmpty && $0.hasPrefix(name) }
    guard kin.isEmpty else {
      return EspalierError(
        "there is no criterion '\(name)'", location: "--criterion", accepted: kin.joined(separator: ", "))
    }
    return EspalierError(unknown: "criterion", name, among: every, topic: "criteria", location: "--criterion")
  }

  /// A criterion's text without parameters that have their defaults, the rest in the order of their keys: the same for all that
  /// mean the same.
  ///
  /// - Throws: `EspalierError` where there is no such criterion, or naming a parameter that does not fit.
  public static func canonical(_ text: String) throws -> String {
    if let request = try ScoreCatalog.request(text) { return request.canonical }
    var parameters = try ParameterList(text)
    return try naming(location: "criterion '\(parameters.name)'") {
      if let type = all.first(where: { $0.name == parameters.name }) {
        _ = try type.init(&parameters)
      } else if let type = data.first(where: { $0.name == parameters.name }) {
        _ = try type.init(&parameters)
      } else {
        throw unknown(text)
      }
      try parameters.finish()
      return parameters.canonical
    }
  }

  /// The criterion of weights of a text, `NAME[:key=value,…]`; nil where the name is none of these.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  public static func criterion(_ text: String) throws -> (any WeightCriterion)? {
    var parameters = try ParameterList(text)
    guard let type = all.first(where: { $0.name == parameters.name }) else { return nil }
    return try naming(location: "criterion '\(parameters.name)'") {
      let criterion = try type.init(&parameters)
      try parameters.finish()
      return criterion
    }
  }

  /// The criterion of images of a text, `NAME[:key=value,…]`; nil where the name is none of these.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  public static func dataCriterion(_ text: String) throws -> (any DataCriterion)? {
    var parameters = try ParameterList(text)
    guard let type = data.first(where: { $0.name == parameters.name }) else { return nil }
    return try naming(location: "criterion '\(parameters.name)'") {
      let criterion = try type.init(&parameters)
      try parameters.finish()
      return criterion
    }
  }
}
