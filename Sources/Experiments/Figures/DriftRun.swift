import Datasets
import Foundation
import Images
import Plotting
import Results
import Tensors

/// Relevance of one network beside that of another on the same images, such as before and after compression, with how far it has
/// drifted: the cosine of maps, and Spearman's correlation of their ranks.
public struct DriftRun: Sendable {
  /// Which images come first.
  public enum Order: String, CaseIterable, Sendable {
    /// Those of the file's beginning.
    case data
    /// Those whose maps are least alike, by their cosine.
    case drift
  }

  /// How relevance is brought to 0…1, the colours by name or source, and the colour map's level.
  public var norm: RelevanceNorm, colormap: String, level: Double
  /// Where the scales of maps end; shared is meant for the two of an image.
  public var scale: RelevanceScale
  /// Which images come first, and how many are shown.
  public var order: Order, limit: Int
  /// The images by their positions in the data set, in this order; nil for the first of ``order``.
  public var indices: [Int]?
  /// The names of the two.
  public var captions: [String]
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    norm: RelevanceNorm = .symmetric, colormap: String = "coldnhot", level: Double = 1,
    scale: RelevanceScale = RelevanceScale(), order: Order = .data, limit: Int = 6, indices: [Int]? = nil,
    captions: [String] = ["Before", "After"], title: String? = nil
  ) {
    (self.norm, self.colormap, self.level, self.scale) = (norm, colormap, level, scale)
    (self.order, self.limit, self.indices, self.captions, self.title) = (order, limit, indices, captions, title)
  }

  /// Draws.
  ///
  /// - Parameters:
  ///   - files: two files of relevance.
  ///   - request: the data that they were made from, to show the images too; nil for maps alone.
  /// - Returns: the number of images that were compared, and the means over them.
  /// - Throws: `EspalierError` for files of different data, or without images or shapes in common.
  @discardableResult
  public func write(_ files: [String], data request: DataRequest? = nil, to output: FigureOutput) throws -> String {
    try output.prepare(notReplacing: files + (request?.files ?? []))
    guard files.count == 2 else {
      throw EspalierError("\(files.count.of("file")) to compare", location: "drift", accepted: "two: before and after")
    }
    let readers = try files.map { try RelevanceReader($0) }
    let source = try request.map { try ImageSource($0, provenance: { readers[0].schema.provenance[$0] }, file: files[0]) }
    let drift = try ExplanationDrift(readers[0], readers[1])
    let chosen = try shown(drift.images, files)
    let maps = try chosen.map { image in try zip(readers, image.rows).map { try Self.map($0, $1) } }
    let colormap = try Colormap(colormap)
    let heatmaps = try maps.map { try scale.heatmaps($0, norm: norm, colormap: colormap, level: level) }
    let schema = readers[0].schema.naming(source)
    let rows = try zip(chosen, heatmaps).map { image, heatmaps -> HeatmapFigure.Row in
      let name =
        schema.isLabelled
        ? schema.name(ofClass: Int(try readers[0].labels(image.rows[0]..<image.rows[0] + 1)[0])) : "image \(image.index)"
      let size = (height: heatmaps[0].height, width: heatmaps[0].width)
      let images = try [source?.image(image.index, size: size)].compactMap { $0 } + heatmaps.map(\.image.rgb)
      return HeatmapFigure.Row(
        "\(name)\ncosine \(Self.text(image.likeness.cosine))\nranks \(Self.text(image.likeness.ranks))", images)
    }
    // Two maps of an image share a scale; those of another image have their own.
    let bar = ColorBar([], RelevanceScale(percentile: scale.percentile), norm: norm, colormap: colormap, level: level)
    var figure = HeatmapFigure(
      title: title, columnTitles: (source == nil ? [] : ["Image"]) + captions, rows: rows, colorBar: bar)
    let means = "cosine \(Self.text(drift.cosine)), rank correlation \(Self.text(drift.ranks))"
    figure.note =
      "Over \(drift.images.count.of("image")): \(means)." + (scale.isShared ? " The two maps of an image have one scale." : "")
    try output.write(figure, of: files)
    return "\(drift.images.count.of("image")): \(means)"
  }

  private func shown(_ images: [ExplanationDrift.Image], _ files: [String]) throws -> [ExplanationDrift.Image] {
    if let indices {
      return try indices.map { index in
        guard let image = images.first(where: { $0.index == index }) else {
          throw ImageChoice.missing(index, in: images.map(\.index), file: files[1])
        }
        return image
      }
    }
    func key(_ image: ExplanationDrift.Image) -> Double { image.likeness.cosine.isNaN ? 2 : image.likeness.cosine }
    let ordered = order == .data ? images : images.sorted { (key($0), $0.index) < (key($1), $1.index) }
    return Array(ordered.prefix(limit))
  }

  private static func map(_ reader: RelevanceReader, _ row: Int) throws -> Tensor<Float> {
    let maps = try reader.maps(row..<row + 1)
    return maps.reshaped(Shape(Array(maps.shape.dimensions.dropFirst())))
  }

  private static func text(_ value: Double) -> String { value.isNaN ? "–" : NumberText.decimals(value, 3) }

  /// A mean with its standard deviation.
  private static func text(_ moments: Moments) -> String {
    text(moments.mean) + (moments.standardDeviation.map { " ± \(text($0))" } ?? "")
  }
}
