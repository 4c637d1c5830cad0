import Analysis
import Tensors

/// The criteria that the weights alone yield, by name.
public enum CriterionCatalog {
  /// Every such criterion; one file each in this folder.
  public static let all: [any WeightCriterion.Type] = [
    RandomCriterion.self, L1Criterion.self, L2Criterion.self,
  ]

  /// All names.
  public static var names: [String] { all.map { $0.name } }

  /// The criterion of a text, `NAME[:key=value,…]`; nil where the name is none of these.
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
}
