import Datasets
import Images
import Plotting
import Results
import Tensors

/// Heat maps from a relevance file.
public struct HeatmapRun: Sendable {
  /// How relevance is brought to 0…1.
  public var norm: RelevanceNorm
  /// The colours: a name or a source text.
  public var colormap: String
  /// The colour map's level.
  public var level: Double
  /// Where the scales of maps end.
  public var scale: RelevanceScale
  /// The most images.
  public var limit: Int
  /// The most images of each class, which then share a row; nil for images in the file's order, a row each.
  public var perClass: Int?
  /// The images by their positions in the data set, in this order; nil to take them from the file's beginning.
  public var indices: [Int]?
  /// The images by their names in the data set, in this order; nil for no choice by name.
  public var names: [String]?
  /// Whether only the maps are wanted, without captions and gaps.
  public var isSheet: Bool
  /// Whether relevance lies over images as lines of equal relevance instead of in colours.
  public var hasContours: Bool
  /// Whether every image has a figure of its own, whose file's name ends with its position in the data set.
  public var isEach: Bool
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    norm: RelevanceNorm = .symmetric, colormap: String = "coldnhot", level: Double = 1,
    scale: RelevanceScale = RelevanceScale(), limit: Int = 12, perClass: Int? = nil,
    indices: [Int]? = nil, names: [String]? = nil, isSheet: Bool = false, hasContours: Bool = false,
    isEach: Bool = false, title: String? = nil
  ) {
    self.norm = norm
    self.colormap = colormap
    self.level = level
    self.scale = scale
    self.limit = limit
    self.perClass = perClass
    self.indices = indices
    self.names = names
    self.isSheet = isSheet
    self.hasContours = hasContours
    self.isEach = isEach
    self.title = title
  }

  /// Draws, and writes PNG, PDF or SVG by the path's ending (a sheet is always PNG).
  ///
  /// - Parameters:
  ///   - file: a relevance file.
  ///   - request: the data that it was made from, to show the images beside the maps; nil for maps alone.
  /// - Returns: the number of maps.
  /// - Throws: `EspalierError`.
  @discardableResult
  public func write(_ file: String, data request: DataRequest? = nil, to output: FigureOutput) throws -> Int {
    try output.prepare(notReplacing: [file] + (request?.files ?? []))
    let reader = try RelevanceReader(file)
    let images = try request.map { try ImageSource($0, provenance: { reader.schema.provenance[$0] }, file: file) }
    let samples = try chosen(reader, images, file: file)
    let colormap = try Colormap(colormap)
    let heatmaps = try scale.heatmaps(samples.map(\.relevance), norm: norm, colormap: colormap, level: level)
    if isSheet {
      try output.write(png: ContactSheet.of(heatmaps).encodedPNG(), of: [file])
      return samples.count
    }
    let bar = ColorBar(heatmaps, scale, norm: norm, colormap: colormap, level: level)
    let schema = reader.schema.naming(images)
    func pair(_ sample: Sample, _ map: Heatmap) throws -> [Image] {
      let size = (height: map.image.height, width: map.image.width)
      return [try images?.image(Int(sample.index), size: size), map.image.rgb].compactMap { $0 }
    }
    let explained = ExplainedTarget(schema)
    var figure: HeatmapFigure
    if perClass != nil {
      let byClass = Dictionary(grouping: zip(samples, heatmaps), by: \.0.label).sorted { $0.key < $1.key }
      let rows = try byClass.map { label, members in
        HeatmapFigure.Row(
          "\(schema.name(ofClass: label))\n\(explained.caption(ofClass: label))", try members.flatMap(pair))
      }
      figure = HeatmapFigure(title: title, columnTitles: [], rows: rows, colorBar: bar)
    } else {
      let columns = images == nil ? ["Relevance"] : ["Image", "Relevance", hasContours ? "Contours" : "Overlay"]
      func row(_ sample: Sample, _ heatmap: Heatmap) throws -> HeatmapFigure.Row {
        let images = try pair(sample, heatmap)
        let backdrop = images.count > 1 ? images[0] : nil
        let overlay = backdrop.map { hasContours ? $0.overWhite.grey.rgb : heatmap.overlay(on: $0) }
        let truth = schema.isLabelled ? [schema.name(ofClass: sample.label)] : []
        let lines =
          truth + [
            "predicted \(schema.name(ofClass: sample.predicted))",
            explained.caption(label: sample.label, predicted: sample.predicted),
          ]
        return HeatmapFigure.Row(
          lines.joined(separator: "\n"), images + [overlay].compactMap { $0 },
          contours: hasContours && backdrop != nil ? [images.count: heatmap.contours()] : [:])
      }
      let note = hasContours ? "Lines: 25, 50 and 75 % of the scale, orange for positive relevance, blue for negative." : ""
      if isEach {
        try output.write(each: samples.map { "\($0.index)" }, of: [file]) { position in
          var figure = HeatmapFigure(
            title: title, columnTitles: columns, rows: [try row(samples[position], heatmaps[position])],
            colorBar: ColorBar([heatmaps[position]], scale, norm: norm, colormap: colormap, level: level))
          figure.note = note
          return figure
        }
        return samples.count
      }
      figure = HeatmapFigure(title: title, columnTitles: columns, rows: try zip(samples, heatmaps).map(row), colorBar: bar)
      figure.note = note
    }
    try output.write(figure, of: [file])
    return samples.count
  }

  private struct Sample {
    var index: UInt32
    var label, predicted: Int
    var relevance: Tensor<Float>
  }

  private func chosen(_ reader: RelevanceReader, _ images: ImageSource?, file: String) throws -> [Sample] {
    let labels = try reader.labels(0..<reader.count)
    return try rows(reader, images, labels, file: file).map { row in
      let map = try reader.maps(row..<row + 1)
      let outputs = try reader.predictions(row..<row + 1).elements
      return Sample(
        index: try reader.indices(row..<row + 1)[0], label: Int(labels[row]),
        predicted: outputs.count == 1 ? (outputs[0] > 0 ? 1 : 0) : outputs.indexOfGreatest ?? 0,
        relevance: map.reshaped(Shape(Array(map.shape.dimensions.dropFirst()))))
    }
  }

  /// The rows of the file that are drawn.
  private func rows(_ reader: RelevanceReader, _ images: ImageSource?, _ labels: [UInt16], file: String) throws -> [Int] {
    if let wanted = try ImageChoice.positions(indices: indices, names: names, images) {
      let known = Dictionary(
        try reader.indices(0..<reader.count).enumerated().map { (Int($1), $0) }, uniquingKeysWith: { first, _ in first })
      return try wanted.map { position in
        guard let row = known[position] else { throw ImageChoice.missing(position, in: known.keys, file: file) }
        return row
      }
    }
    var taken: [UInt16: Int] = [:]
    var rows: [Int] = []
    for (row, label) in labels.enumerated() where rows.count < limit {
      if let perClass {
        if taken[label, default: 0] == perClass { continue }
        taken[label, default: 0] += 1
      }
      rows.append(row)
    }
    return rows
  }
}
