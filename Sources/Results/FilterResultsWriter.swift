import Analysis
import Datasets
import Storage
import Tensors

/// A layer whose filters have results.
public typealias ResultLayer = RelevanceLayer

/// Writes what a pass found out about every filter: statistics, dissection and scores, in one HDF5 file.
///
/// Nothing stands at the path before ``commit()``.
///
///     stats/<layer>/<name>                 float64 [channels] or [channels, k]
///     dissection/<layer>/iou               float32 [channels, concepts]
///     dissection/<layer>/threshold         float32 [channels]
///     dissection/<layer>/votes             float64 [channels]
///     dissection/<layer>/votes-by-concept  float64 [channels, concepts]
///     concepts, concept_categories         texts, one a concept
///     scores/<criterion>/<layer>           float64 [channels]
///
/// Every layer's group or dataset carries its node's name as `node` and its place in execution order as `order`.
public final class FilterResultsWriter {
  private let file: HDF5File

  /// Begins a file.
  ///
  /// - Parameter provenance: how the numbers came about; attributes of the file.
  /// - Throws: `EspalierError` if it cannot be written.
  public init(_ path: String, provenance: [String: String]) throws {
    file = try HDF5File.create(path)
    for (name, value) in provenance.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, value) }
  }

  /// Writes the statistics of a layer.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ statistics: [StatisticResult], of layer: ResultLayer) throws {
    let group = try file.createGroup("stats/\(layer.name)")
    try group.name(layer)
    for statistic in statistics {
      try group.write(statistic.values, to: statistic.name).setAttribute("description", statistic.description)
    }
  }

  /// Writes the concepts.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ vocabulary: ConceptVocabulary) throws {
    try file.write(vocabulary.concepts.map(\.name), to: "concepts")
    try file.write(vocabulary.concepts.map { vocabulary.categories[$0.category] }, to: "concept_categories")
  }

  /// Writes the dissection of a layer.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func write(_ dissection: DissectionResult, of layer: ResultLayer) throws {
    let group = try file.createGroup("dissection/\(layer.name)")
    try group.name(layer)
    try group.setAttribute("pictures", Int64(dissection.pictures))
    func add<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>, _ name: String, _ description: String) throws {
      try group.write(tensor, to: name).setAttribute("description", description)
    }
    try add(dissection.overlap, "iou", "intersection over union with each concept, over all pictures")
    try add(dissection.thresholds, "threshold", "activation above which the filter fires")
    try add(dissection.votes, "votes", "pictures and concepts on which the filter is among the best of its layer")
    try add(dissection.votesByConcept, "votes-by-concept", "votes for each concept")
  }

  /// Writes the scores of a layer by a criterion; the filter with the least counts least.
  ///
  /// - Throws: `EspalierError` if they cannot be written.
  public func write(_ scores: Tensor<Double>, criterion: String, of layer: ResultLayer) throws {
    let dataset = try file.write(scores, to: "scores/\(criterion)/\(layer.name)")
    try dataset.name(layer)
  }

  /// Puts the file in its place.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func commit() throws { try file.commit() }
}

extension HDF5Object {
  fileprivate func name(_ layer: ResultLayer) throws {
    try setAttribute("node", layer.node)
    try setAttribute("order", Int64(layer.order))
  }
}
