import Datasets
import Plotting
import Results
import Tensors

/// The images for which filters of a layer are most relevant or most active, from a file that `relevance --top` wrote.
public struct GalleryRun: Sendable {
  /// The layer.
  public var layer: String
  /// What the images are greatest by.
  public var kind: TopKind
  /// The filters; nil for the first ``limit``, those with the greatest value first.
  public var filters: [Int]?
  /// The most filters, and the most images of each.
  public var limit: Int, images: Int
  /// How many filters stand side by side.
  public var columns: Int
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    layer: String, kind: TopKind = .relevance, filters: [Int]? = nil, limit: Int = 12, images: Int = 6, columns: Int = 2,
    title: String? = nil
  ) {
    (self.layer, self.kind, self.filters, self.limit) = (layer, kind, filters, limit)
    (self.images, self.columns, self.title) = (images, columns, title)
  }

  /// Draws.
  ///
  /// - Parameters:
  ///   - file: a file that `relevance --top` wrote.
  ///   - request: the data that it was made from.
  /// - Returns: the number of filters.
  /// - Throws: `EspalierError` for a file without such images, a layer or filter that it has not, or other data.
  @discardableResult
  public func write(_ file: String, data request: DataRequest, to output: FigureOutput) throws -> Int {
    try output.prepare(notReplacing: [file] + request.files)
    let reader = try RelevanceReader(file)
    let top = try reader.top(kind, of: layer)
    let source = try ImageSource(request, provenance: { reader.schema.provenance[$0] }, file: file)
    if let missed = filters?.first(where: { !top.indices.contains($0) }) {
      throw EspalierError(
        "there is no filter \(missed)", file: file, location: layer, accepted: "0 to \(top.count - 1)")
    }
    func greatest(_ filter: Int) -> Float { top[filter].first?.value ?? -.infinity }
    let chosen =
      filters ?? Array(top.indices.sorted { (greatest($0), $1) > (greatest($1), $0) }.prefix(limit))
    let sign = kind == .relevance ? "R" : "a"
    let units = try chosen.map { filter in
      let values = top[filter].prefix(images).map(\.value)
      let range =
        values.isEmpty
        ? "no image" : "\(sign) " + Set([values.first!, values.last!]).sorted(by: >).map(Self.short).joined(separator: " … ")
      return UnitsFigure.Unit(
        "filter \(filter)", note: range, images: try top[filter].prefix(images).map { try source.image($0.image).overWhite })
    }
    let words = kind == .relevance ? "most relevant" : "most activating"
    try output.write(UnitsFigure(title: title ?? "\(layer): \(words) images", units: units, columns: columns), of: [file])
    return units.count
  }

  /// A number of three digits.
  private static func short(_ value: Float) -> String { NumberText.significant(Double(value), 3) }
}
