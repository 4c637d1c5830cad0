import Analysis
import Datasets
import Foundation
import Images
import Plotting
import Results
import Tensors

/// Filters of a layer with the images that excite them most, from a file of a dissection.
public struct UnitsRun: Sendable {
  /// What comes first.
  public enum Order: String, CaseIterable, Sendable {
    /// The greatest IoU.
    case iou
    /// The most votes.
    case votes
    /// The concepts by name, and of each the greatest IoU.
    case concept
    /// The filters' own order.
    case filter
  }

  /// The layer.
  public var layer: String
  /// The filters; nil for the first ``limit`` in the order.
  public var filters: [Int]?
  /// What comes first.
  public var order: Order
  /// The most filters.
  public var limit: Int
  /// The most images of each.
  public var images: Int
  /// How many filters stand side by side.
  public var columns: Int
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    layer: String, filters: [Int]? = nil, order: Order = .iou, limit: Int = 12, images: Int = 6, columns: Int = 2,
    title: String? = nil
  ) {
    self.layer = layer
    self.filters = filters
    self.order = order
    self.limit = limit
    self.images = images
    self.columns = columns
    self.title = title
  }

  /// Draws, and writes PNG, PDF or SVG by the path's ending.
  ///
  /// - Parameters:
  ///   - file: a file that a dissection with a report wrote.
  ///   - request: the data that it was made from.
  /// - Returns: the number of filters.
  /// - Throws: `EspalierError`.
  @discardableResult
  public func write(_ file: String, data request: DataRequest, to output: FigureOutput) throws -> Int {
    try output.prepare(notReplacing: [file] + request.files)
    let reader = try FilterResultsReader(file)
    let exemplars = try reader.exemplars(of: layer)
    let vocabulary = try reader.vocabulary()
    let result = try reader.dissection(of: layer)
    let source = try ImageSource(request, provenance: reader.provenance, file: file)
    let chosen = try chosenFilters(exemplars, result, vocabulary, file: file)
    let units = try chosen.map { filter in
      let best = result.best(filter)
      return UnitsFigure.Unit(
        "\(filter)  \(best.map { vocabulary.concepts[$0.concept].name } ?? "no concept")",
        note: "IoU \(String(format: "%.3f", best?.overlap ?? 0))",
        images: try exemplars[filter].prefix(images).map { try UnitsRun.image($0, source, exemplars) })
    }
    try output.write(UnitsFigure(title: title, units: units, columns: columns), of: [file])
    return units.count
  }

  private func chosenFilters(
    _ exemplars: Exemplars, _ result: DissectionResult, _ vocabulary: ConceptVocabulary, file: String
  ) throws -> [Int] {
    let count = result.overlap.shape[0]
    guard exemplars.channels.allSatisfy({ $0 < count }) else {
      throw EspalierError("its images are of filters that it has not", file: file, location: layer)
    }
    if let missed = filters?.first(where: { !exemplars.channels.contains($0) }) {
      throw EspalierError(
        0..<count ~= missed ? "holds no images of filter \(missed)" : "there is no filter \(missed)", file: file, location: layer,
        accepted: "of \(count) filters those that the report shows; --report-filters \(count) keeps all")
    }
    if let filters { return filters }
    func overlap(_ filter: Int) -> Float { result.best(filter)?.overlap ?? 0 }
    func name(_ filter: Int) -> String { result.best(filter).map { vocabulary.concepts[$0.concept].name } ?? "\u{10FFFF}" }
    let byOverlap = exemplars.channels.sorted { (overlap($0), $1) > (overlap($1), $0) }
    let ordered =
      switch order {
      case .iou: byOverlap
      case .votes: exemplars.channels.sorted { (result.votes.elements[$0], $1) > (result.votes.elements[$1], $0) }
      case .concept:
        byOverlap.enumerated().sorted { (name($0.element), $0.offset) < (name($1.element), $1.offset) }.map(\.element)
      case .filter: exemplars.channels
      }
    return Array(ordered.prefix(limit))
  }

  private static func image(_ entry: Exemplars.Entry, _ source: ImageSource, _ exemplars: Exemplars) throws -> Image {
    let image = try source.image(entry.image)
    return UnitsFigure.masked(image) { row, column in
      entry.mask[row * exemplars.height / image.height, column * exemplars.width / image.width]
    }
  }
}
