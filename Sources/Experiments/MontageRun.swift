import Datasets
import Images
import Plotting
import Results
import Tensors

/// One picture's relevance in several files, such as one a composite, side by side.
public struct MontageRun: Sendable {
  /// The picture's place in the data set.
  public var picture: Int
  /// How relevance is brought to 0…1, each map on its own scale.
  public var norm: RelevanceNorm
  /// The colours: a name or a source text.
  public var colormap: String
  /// The colour map's level.
  public var level: Double
  /// The captions of the maps, one a file; nil for the composites that the files name.
  public var captions: [String]?
  /// The number of columns; nil for about as many as rows.
  public var columns: Int?
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    picture: Int, norm: RelevanceNorm = .symmetric, colormap: String = "coldnhot", level: Double = 1, captions: [String]? = nil,
    columns: Int? = nil, title: String? = nil
  ) {
    self.picture = picture
    self.norm = norm
    self.colormap = colormap
    self.level = level
    self.captions = captions
    self.columns = columns
    self.title = title
  }

  /// Draws, and writes PNG or PDF by the path's ending.
  ///
  /// - Parameters:
  ///   - files: relevance files.
  ///   - spec: the data that they were made from, to show the picture too; nil for maps alone.
  /// - Throws: `EspalierError`.
  public func write(_ files: [String], data spec: DataSpec? = nil, to out: String) throws {
    try OutputPath.prepare(out, notReplacing: files + (spec.map { DataRequest($0).files } ?? []))
    if let captions, captions.count != files.count {
      throw EspalierError("\(captions.count) captions for \(files.count) files", place: "--caption", accepted: "one a file")
    }
    let colormap = try Colormap(colormap)
    var cells: [MontageFigure.Cell] = []
    for (place, file) in files.enumerated() {
      let reader = try RelevanceReader(file)
      let row = try naming(file: file) { try findRow(in: reader) }
      if cells.isEmpty, let spec {
        let source = try PictureSource(spec, preprocessing: reader.schema.provenance["preprocessing"], file: file)
        cells.append(MontageFigure.Cell(try caption(of: row, reader), try source.picture(picture)))
      }
      let maps = try reader.maps(row..<row + 1)
      let map = try Heatmap(
        maps.reshaped(Shape(Array(maps.shape.dimensions.dropFirst()))), norm: norm, colormap: colormap, level: level)
      cells.append(MontageFigure.Cell(captions?[place] ?? MontageRun.method(reader, file: file), map.image.rgb))
    }
    try MontageFigure(
      title: title, cells: cells, columns: columns, colorBar: ColorBar(norm: norm, colormap: colormap, level: level)
    ).write(to: out)
  }

  private func findRow(in reader: RelevanceReader) throws -> Int {
    let step = 1 << 16
    for start in stride(from: 0, to: reader.count, by: step) {
      let indices = try reader.indices(start..<min(start + step, reader.count))
      if let place = indices.firstIndex(of: UInt32(clamping: picture)) { return start + place }
    }
    throw EspalierError("holds no relevance of picture \(picture)", accepted: "a place in the data set, as its index says")
  }

  private func caption(of row: Int, _ reader: RelevanceReader) throws -> String {
    let label = Int(try reader.labels(row..<row + 1)[0])
    let names = reader.schema.classNames
    return label < names.count ? names[label] : "picture \(picture)"
  }

  /// What a file says that its relevance was computed by.
  private static func method(_ reader: RelevanceReader, file: String) -> String {
    let provenance = reader.schema.provenance
    let attributor = provenance["attributor"].flatMap { $0.isEmpty || $0 == "lrp" ? nil : $0 }
    return attributor ?? provenance["composite"] ?? file
  }
}
