import Analysis
import Datasets
import Storage
import Tensors

/// Reads a file of statistics, dissection or scores, as ``FilterResultsWriter`` lays it out.
public final class FilterResultsReader {
  /// Where the file lies.
  public let path: String
  private let file: HDF5File
  /// The layers of the groups that were asked for: files of many layers are slow to list.
  private var listed: [String: [String]] = [:]
  private var known: ConceptVocabulary?

  /// Opens a file.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  public init(_ path: String) throws {
    file = try HDF5File.open(path)
    self.path = path
  }

  /// An attribute of the file that says how its numbers came about; nil without it.
  ///
  /// - Throws: `EspalierError` if the file is damaged.
  public func provenance(_ name: String) throws -> String? { try file.text(attribute: name) }

  /// The criteria that filters were scored by; none if the file holds no scores.
  ///
  /// - Throws: `EspalierError` if the file is damaged.
  public func criteria() throws -> [String] { try children(of: "scores") }

  /// The layers that a group speaks of, in execution order: `dissection`, `exemplars`, `scores/NAME`.
  ///
  /// - Throws: `EspalierError` if the file is damaged.
  public func layers(of group: String) throws -> [String] {
    if let known = listed[group] { return known }
    let layers = try children(of: group).map { name -> (order: Int64, name: String) in
      (try object("\(group)/\(name)").number(attribute: "order", as: Int64.self) ?? 0, name)
    }.sorted { ($0.order, $0.name) < ($1.order, $1.name) }.map(\.name)
    listed[group] = layers
    return layers
  }

  /// The name that a layer's node has in the network.
  ///
  /// - Parameter group: one that speaks of the layer, as for ``layers(of:)``.
  /// - Throws: `EspalierError` if there is no such layer, or the file is damaged.
  public func node(of layer: String, in group: String) throws -> String {
    try require(layer, among: layers(of: group), "there is no layer")
    return try object("\(group)/\(layer)").text(attribute: "node") ?? layer
  }

  private func object(_ name: String) throws -> HDF5Object {
    file.kind(of: name) == .group ? try file.group(name) : try file.dataset(name)
  }

  /// The scores of a layer's filters by a criterion, `[channels]`.
  ///
  /// - Throws: `EspalierError` naming what there is, if there are none.
  public func scores(_ criterion: String, of layer: String) throws -> Tensor<Double> {
    if listed["scores/\(criterion)"] == nil { try require(criterion, among: criteria(), "the file holds no scores by") }
    try require(layer, among: layers(of: "scores/\(criterion)"), "there is no layer")
    let name = "scores/\(criterion)/\(layer)"
    let scores: Tensor<Double> = try file.dataset(name).read()
    guard scores.shape.rank == 1 else {
      throw EspalierError("has shape \(scores.shape)", file: path, location: "/\(name)", accepted: "one number a filter")
    }
    return scores
  }

  /// The names of the concepts and their categories.
  ///
  /// - Throws: `EspalierError` if there are none, or they do not fit.
  public func vocabulary() throws -> ConceptVocabulary {
    if let known { return known }
    let names = try file.dataset("concepts").readTexts()
    let ofConcepts = try file.dataset("concept_categories").readTexts()
    guard ofConcepts.count == names.count else {
      throw EspalierError(
        "holds \(ofConcepts.count) texts for \(names.count) concepts", file: path, location: "/concept_categories",
        accepted: "one a concept")
    }
    var categories: [String] = []
    for category in ofConcepts where !categories.contains(category) { categories.append(category) }
    let vocabulary = ConceptVocabulary(
      categories: categories,
      concepts: zip(names, ofConcepts).map { Concept(name: $0, category: categories.firstIndex(of: $1) ?? 0) })
    known = vocabulary
    return vocabulary
  }

  /// The dissection of a layer.
  ///
  /// - Throws: `EspalierError` naming what there is, if there is none; or if it does not fit together.
  public func dissection(of layer: String) throws -> DissectionResult {
    try require(layer, among: layers(of: "dissection"), "the file holds no dissection of layer")
    let group = try file.group("dissection/\(layer)")
    let overlap: Tensor<Float> = try group.dataset("iou").read()
    guard overlap.shape.rank == 2, overlap.shape[1] == (try vocabulary().concepts.count) else {
      throw EspalierError(
        "has shape \(overlap.shape)", file: path, location: "/dissection/\(layer)/iou", accepted: "filters × concepts")
    }
    func read<Scalar: HDF5Scalar>(_ name: String, _ shape: Shape) throws -> Tensor<Scalar> {
      let tensor: Tensor<Scalar> = try group.dataset(name).read()
      guard tensor.shape == shape else {
        throw EspalierError(
          "has shape \(tensor.shape)", file: path, location: "/dissection/\(layer)/\(name)", accepted: "\(shape)")
      }
      return tensor
    }
    let channels: Shape = [overlap.shape[0]]
    return DissectionResult(
      overlap: overlap, thresholds: try read("threshold", channels), votes: try read("votes", channels),
      votesByConcept: try read("votes-by-concept", overlap.shape),
      images: Int(clamping: try group.number(attribute: "images", as: Int64.self) ?? 0))
  }

  /// The images that excite filters of a layer most.
  ///
  /// - Throws: `EspalierError` naming what there is, if there are none; or if they do not fit together.
  public func exemplars(of layer: String) throws -> Exemplars {
    let known = try layers(of: "exemplars")
    guard !known.isEmpty else {
      throw EspalierError(
        "the file holds no images of filters", file: path, accepted: "one that espalier dissect --report wrote")
    }
    try require(layer, among: known, "the file holds no images of layer")
    let group = try file.group("exemplars/\(layer)")
    let filters: Tensor<Int64> = try group.dataset("filter").read()
    let images: Tensor<Int64> = try group.dataset("image").read()
    let activations: Tensor<Float> = try group.dataset("activation").read()
    let dataset = try group.dataset("mask")
    let shape = try dataset.shape()
    let width = Int(clamping: try group.number(attribute: "width", as: Int64.self) ?? 0)
    guard filters.shape.rank == 1, images.shape.rank == 2, images.shape[0] == filters.count,
      activations.shape == images.shape, shape.rank == 4, shape[0] == filters.count, shape[1] == images.shape[1],
      width > 0, shape[3] == (width - 1) / 8 + 1, filters.elements.allSatisfy({ 0..<(1 << 32) ~= $0 })
    else {
      throw EspalierError("its datasets do not fit together", file: path, location: "/exemplars/\(layer)")
    }
    let (most, height) = (shape[1], shape[2])
    let bytes = height * shape[3]
    let entries = try (0..<filters.count).map { row -> [Exemplars.Entry] in
      let masks: Tensor<UInt8> = try dataset.read(rows: row..<row + 1)
      return (0..<most).compactMap { position in
        let image = images.elements[row * most + position]
        guard image >= 0 else { return nil }
        return Exemplars.Entry(
          image: Int(image), activation: activations.elements[row * most + position],
          mask: BitMask(packed: masks.elements[position * bytes..<(position + 1) * bytes], height: height, width: width))
      }
    }
    return Exemplars(height: height, width: width, channels: filters.elements.map { Int($0) }, images: entries)
  }

  private func children(of group: String) throws -> [String] {
    file.kind(of: group) == .group ? try file.group(group).children() : []
  }

  private func require(_ name: String, among known: [String], _ problem: String) throws {
    guard !known.contains(name) else { return }
    throw EspalierError(
      "\(problem) '\(name)'" + EspalierError.suggestion(for: name, among: known), file: path,
      accepted: known.isEmpty ? "none" : EspalierError.list(known))
  }
}
