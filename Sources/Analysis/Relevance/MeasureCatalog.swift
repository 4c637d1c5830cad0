import Tensors

/// The measures of explanations by name.
public enum MeasureCatalog {
  /// The measures, in the order in which they are listed.
  public static let all: [any Measure.Type] = [
    PointingGameMeasure.self, MassAccuracyMeasure.self, RankAccuracyMeasure.self, SparsenessMeasure.self,
    ComplexityMeasure.self, PixelFlippingMeasure.self, DeletionMeasure.self, InsertionMeasure.self, ROADMeasure.self,
    InfidelityMeasure.self, SensitivityMeasure.self, RandomisationMeasure.self, EfficientRandomisationMeasure.self,
  ]

  /// Every name with its parameters and their defaults.
  public static var forms: [String] { all.map { $0.parameters.isEmpty ? $0.name : "\($0.name):\($0.parameters)" } }

  /// The measure that a specification `NAME[:key=value,…]` means.
  ///
  /// - Throws: `EspalierError` naming what is not known, and what is.
  public static func measure(_ text: String) throws -> any Measure {
    var parameters = try ParameterList(text)
    guard let type = all.first(where: { $0.name == parameters.name }) else {
      throw EspalierError(unknown: "measure", parameters.name, among: all.map { $0.name }, topic: "measures")
    }
    return try naming(location: "measure '\(text)'") {
      let measure = try type.init(&parameters)
      try parameters.finish()
      return measure
    }
  }
}
