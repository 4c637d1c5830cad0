import Tensors

/// The attributors by name.
public enum AttributorCatalog {
  /// The attributors, the default first.
  public static let all: [any Attributor.Type] = [
    LRPAttributor.self, GradientAttributor.self, InputXGradientAttributor.self, SmoothGradAttributor.self,
    IntegratedGradientsAttributor.self, OcclusionAttributor.self, GradCAMAttributor.self, RandomAttributor.self,
  ]

  /// Every name with its parameters and their defaults.
  public static var forms: [String] { all.map { $0.parameters.isEmpty ? $0.name : "\($0.name):\($0.parameters)" } }

  /// The attributor that a specification `NAME[:key=value,…]` means.
  ///
  /// - Throws: `EspalierError` naming what is not known, and what is.
  public static func attributor(_ text: String) throws -> any Attributor {
    var parameters = try ParameterList(text)
    guard let type = all.first(where: { $0.name == parameters.name }) else {
      throw EspalierError(unknown: "attributor", parameters.name, among: all.map { $0.name }, topic: "attributors")
    }
    return try naming(location: "attributor '\(text)'") {
      let attributor = try type.init(&parameters)
      try parameters.finish()
      return attributor
    }
  }
}
