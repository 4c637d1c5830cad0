import Analysis
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

  /// How alike two maps are.
  public struct Likeness: Hashable, Sendable {
    /// The cosine of the angle between them, and the correlation of their elements' ranks; NaN where one is all zero, or all equal.
    public var cosine, ranks: Double

    /// Compares two maps of one shape, element by element.
    public init(_ a: [Float], _ b: [Float]) {
      var (product, first, second) = (0.0, 0.0, 0.0)
      for (x, y) in zip(a, b) {
        product += Double(x) * Double(y)
        first += Double(x) * Double(x)
        second += Double(y) * Double(y)
      }
      cosine = first > 0 && second > 0 ? product / (first.squareRoot() * second.squareRoot()) : .nan
      ranks = RankCorrelation.of(a.map(Double.init), b.map(Double.init))
    }
  }

  /// An image that both files speak of, by its rows in them.
  private struct Pair {
    var index: Int
    var rows: [Int]
    var likeness: Likeness
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
    try MontageRun.checkData(files, readers)
    guard readers[0].schema.map == readers[1].schema.map else {
      throw EspalierError(
        "its maps are \(readers[1].schema.map), those of \(files[0]) \(readers[0].schema.map)", file: files[1],
        accepted: "maps of one shape")
    }
    let source = try request.map { try ImageSource($0, provenance: { readers[0].schema.provenance[$0] }, file: files[0]) }
    let pairs = try compared(files, readers)
    let chosen = try shown(pairs, files)
    let maps = try chosen.map { pair in try zip(readers, pair.rows).map { try Self.map($0, $1) } }
    let colormap = try Colormap(colormap)
    let heatmaps = try maps.map { try scale.heatmaps($0, norm: norm, colormap: colormap, level: level) }
    let schema = readers[0].schema.naming(source)
    let rows = try zip(chosen, heatmaps).map { pair, heatmaps -> HeatmapFigure.Row in
      let name =
        schema.isLabelled
        ? schema.name(ofClass: Int(try readers[0].labels(pair.rows[0]..<pair.rows[0] + 1)[0])) : "image \(pair.index)"
      let size = (height: heatmaps[0].height, width: heatmaps[0].width)
      let images = try [source?.image(pair.index, size: size)].compactMap { $0 } + heatmaps.map(\.image.rgb)
      return HeatmapFigure.Row(
        "\(name)\ncosine \(Self.text(pair.likeness.cosine))\nranks \(Self.text(pair.likeness.ranks))", images)
    }
    // Two maps of an image share a scale; those of another image have their own.
    let bar = ColorBar([], RelevanceScale(percentile: scale.percentile), norm: norm, colormap: colormap, level: level)
    var figure = HeatmapFigure(
      title: title, columnTitles: (source == nil ? [] : ["Image"]) + captions, rows: rows, colorBar: bar)
    let means =
      "cosine \(Self.summary(pairs.map(\.likeness.cosine))), rank correlation \(Self.summary(pairs.map(\.likeness.ranks)))"
    figure.note =
      "Over \(pairs.count.of("image")): \(means)." + (scale.isShared ? " The two maps of an image have one scale." : "")
    try output.write(figure, of: files)
    return "\(pairs.count.of("image")): \(means)"
  }

  private func compared(_ files: [String], _ readers: [RelevanceReader]) throws -> [Pair] {
    let known = Dictionary(
      try readers[1].indices(0..<readers[1].count).enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var pairs: [Pair] = []
    for (row, index) in try readers[0].indices(0..<readers[0].count).enumerated() {
      guard let other = known[index] else { continue }
      let likeness = Likeness(try Self.map(readers[0], row).elements, try Self.map(readers[1], other).elements)
      pairs.append(Pair(index: Int(index), rows: [row, other], likeness: likeness))
    }
    guard !pairs.isEmpty else {
      throw EspalierError("it has no image in common with \(files[0])", file: files[1], accepted: "relevance of the same images")
    }
    return pairs
  }

  private func shown(_ pairs: [Pair], _ files: [String]) throws -> [Pair] {
    if let indices {
      return try indices.map { index in
        guard let pair = pairs.first(where: { $0.index == index }) else {
          throw ImageChoice.missing(index, in: pairs.map(\.index), file: files[1])
        }
        return pair
      }
    }
    func key(_ pair: Pair) -> Double { pair.likeness.cosine.isNaN ? 2 : pair.likeness.cosine }
    let ordered = order == .data ? pairs : pairs.sorted { (key($0), $0.index) < (key($1), $1.index) }
    return Array(ordered.prefix(limit))
  }

  private static func map(_ reader: RelevanceReader, _ row: Int) throws -> Tensor<Float> {
    let maps = try reader.maps(row..<row + 1)
    return maps.reshaped(Shape(Array(maps.shape.dimensions.dropFirst())))
  }

  private static func text(_ value: Double) -> String { value.isNaN ? "–" : NumberText.decimals(value, 3) }

  /// The mean of those that are numbers, with their standard deviation.
  private static func summary(_ values: [Double]) -> String {
    let finite = values.filter(\.isFinite)
    guard !finite.isEmpty else { return "–" }
    let mean = finite.reduce(0, +) / Double(finite.count)
    guard finite.count > 1 else { return text(mean) }
    let variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(finite.count - 1)
    return "\(text(mean)) ± \(text(variance.squareRoot()))"
  }
}
