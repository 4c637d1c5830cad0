import Analysis
import Datasets
import Results
import Tensors

/// What a pass found out about every filter.
public struct FilterReport: Sendable {
  /// A layer's findings.
  public struct Layer: Sendable {
    /// The layer.
    public var layer: ResultLayer
    /// What people call it.
    public var title: String
    /// Its statistics.
    public var statistics: [StatisticResult]
    /// Its dissection, if there were concepts.
    public var dissection: DissectionResult?
    /// The images that excite some filters most, if they were asked for.
    public var exemplars: Exemplars? = nil

    /// The scores by a criterion, `[channels]`; nil if it was not asked for.
    public func scores(_ criterion: String) -> Tensor<Double>? {
      switch criterion {
      case "iou":
        return dissection.map { result in
          Tensor((0..<layer.channels).map { Double(result.best($0)?.overlap ?? 0) }, shape: [layer.channels])
        }
      case "votes": return dissection?.votes
      default: return ScoreCatalog.statistics.first { $0.name == ParameterList.name(of: criterion) }?.scores(statistics)
      }
    }
  }

  /// The layers, in execution order.
  public var layers: [Layer]
  /// The concepts, if there were any.
  public var vocabulary: ConceptVocabulary?
  /// The criteria that scores were asked for.
  public var criteria: [String]
  /// The number of images.
  public var images: Int

  /// Writes all to an HDF5 file.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func write(to path: String, provenance: [String: String]) throws {
    let writer = try FilterResultsWriter(path, provenance: provenance)
    if let vocabulary { try writer.write(vocabulary) }
    for layer in layers {
      if !layer.statistics.isEmpty { try writer.write(layer.statistics, of: layer.layer) }
      if let dissection = layer.dissection { try writer.write(dissection, of: layer.layer) }
      if let exemplars = layer.exemplars { try writer.write(exemplars, of: layer.layer) }
      for criterion in criteria {
        if let scores = layer.scores(criterion) { try writer.write(scores, criterion: criterion, of: layer.layer) }
      }
    }
    try writer.commit()
  }
}
