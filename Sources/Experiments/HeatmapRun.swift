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
  /// The most pictures.
  public var limit: Int
  /// The most pictures of each class, which then share a row; nil for pictures in the file's order, a row each.
  public var perClass: Int?
  /// Whether only the maps are wanted, without captions and gaps.
  public var isSheet: Bool
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    norm: RelevanceNorm = .symmetric, colormap: String = "coldnhot", level: Double = 1, limit: Int = 12, perClass: Int? = nil,
    isSheet: Bool = false, title: String? = nil
  ) {
    self.norm = norm
    self.colormap = colormap
    self.level = level
    self.limit = limit
    self.perClass = perClass
    self.isSheet = isSheet
    self.title = title
  }

  /// Draws, and writes PNG or PDF by the path's ending (a sheet is always PNG).
  ///
  /// - Parameters:
  ///   - file: a relevance file.
  ///   - spec: the data that it was made from, to show the pictures beside the maps; nil for maps alone.
  /// - Returns: the number of maps.
  /// - Throws: `EspalierError`.
  @discardableResult
  public func write(_ file: String, data spec: DataSpec? = nil, to out: String) throws -> Int {
    try OutputPath.prepare(out, notReplacing: [file] + (spec.map { DataRequest($0).files } ?? []))
    let reader = try RelevanceReader(file)
    let samples = try chosen(reader)
    let colormap = try Colormap(colormap)
    func heatmap(_ sample: Sample) throws -> Heatmap {
      try Heatmap(sample.relevance, norm: norm, colormap: colormap, level: level)
    }
    if isSheet {
      try ContactSheet.of(samples.map(heatmap)).writePNG(to: out)
      return samples.count
    }
    let pictures = try spec.map { try PictureSource($0, preprocessing: reader.schema.provenance["preprocessing"], file: file) }
    func pair(_ sample: Sample) throws -> [Image] {
      let map = try heatmap(sample)
      return [try pictures?.picture(Int(sample.index)), map.image.rgb].compactMap { $0 }
    }
    let figure: HeatmapFigure
    if perClass != nil {
      let byClass = Dictionary(grouping: samples, by: \.label).sorted { $0.key < $1.key }
      let rows = try byClass.map { HeatmapFigure.Row(reader.name(ofClass: $0), try $1.flatMap(pair)) }
      figure = HeatmapFigure(
        title: title, columnTitles: [], rows: rows, colorBar: ColorBar(norm: norm, colormap: colormap, level: level))
    } else {
      let rows = try samples.map { sample in
        let pictures = try pair(sample)
        let overlay = pictures.count > 1 ? [try heatmap(sample).overlay(on: pictures[0])] : []
        return HeatmapFigure.Row(
          "\(reader.name(ofClass: sample.label))\npredicted \(reader.name(ofClass: sample.predicted))", pictures + overlay)
      }
      figure = HeatmapFigure(
        title: title, columnTitles: pictures == nil ? ["Relevance"] : ["Picture", "Relevance", "Overlay"], rows: rows,
        colorBar: ColorBar(norm: norm, colormap: colormap, level: level))
    }
    try figure.write(to: out)
    return samples.count
  }

  private struct Sample {
    var index: UInt32
    var label, predicted: Int
    var relevance: Tensor<Float>
  }

  private func chosen(_ reader: RelevanceReader) throws -> [Sample] {
    let labels = try reader.labels(0..<reader.count)
    var taken: [UInt16: Int] = [:]
    var rows: [Int] = []
    for (row, label) in labels.enumerated() where rows.count < limit {
      if let perClass {
        if taken[label, default: 0] == perClass { continue }
        taken[label, default: 0] += 1
      }
      rows.append(row)
    }
    return try rows.map { row in
      let map = try reader.maps(row..<row + 1)
      let outputs = try reader.predictions(row..<row + 1).elements
      return Sample(
        index: try reader.indices(row..<row + 1)[0], label: Int(labels[row]),
        predicted: outputs.indexOfGreatest ?? 0,
        relevance: map.reshaped(Shape(Array(map.shape.dimensions.dropFirst()))))
    }
  }
}

extension RelevanceReader {
  fileprivate func name(ofClass label: Int) -> String {
    label < schema.classNames.count ? schema.classNames[label] : "class \(label)"
  }
}
