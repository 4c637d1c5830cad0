import Datasets
import Images
import Plotting
import Results
import Tensors

/// One image's relevance in several files, such as one a composite, side by side.
public struct MontageRun: Sendable {
  /// The image's position in the data set.
  public var image: Int
  /// The image's name in the data set, which then says its position; nil for none.
  public var name: String?
  /// How relevance is brought to 0…1.
  public var norm: RelevanceNorm
  /// The colours: a name or a source text.
  public var colormap: String
  /// The colour map's level.
  public var level: Double
  /// Where the scales of maps end.
  public var scale: RelevanceScale
  /// The captions of the maps, one a file; nil for the composites that the files name.
  public var captions: [String]?
  /// The number of columns; nil for about as many as rows.
  public var columns: Int?
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    image: Int, name: String? = nil, norm: RelevanceNorm = .symmetric, colormap: String = "coldnhot", level: Double = 1,
    scale: RelevanceScale = RelevanceScale(), captions: [String]? = nil,
    columns: Int? = nil, title: String? = nil
  ) {
    self.image = image
    self.name = name
    self.norm = norm
    self.colormap = colormap
    self.level = level
    self.scale = scale
    self.captions = captions
    self.columns = columns
    self.title = title
  }

  /// Draws, and writes PNG, PDF or SVG by the path's ending.
  ///
  /// - Parameters:
  ///   - files: relevance files, of one data set.
  ///   - request: the data that they were made from, to show the image too; nil for maps alone.
  /// - Returns: the image's position in the data set.
  /// - Throws: `EspalierError`.
  @discardableResult
  public func write(_ files: [String], data request: DataRequest? = nil, to output: FigureOutput) throws -> Int {
    try output.prepare(notReplacing: files + (request?.files ?? []))
    if let captions, captions.count != files.count {
      throw EspalierError(
        "\(captions.count.of("caption")) for \(files.count.of("file"))", location: "--caption", accepted: "one a file")
    }
    let colormap = try Colormap(colormap)
    let readers = try files.map { try RelevanceReader($0) }
    try MontageRun.checkData(files, readers)
    let source = try request.map { try ImageSource($0, provenance: { readers[0].schema.provenance[$0] }, file: files[0]) }
    let image = try ImageChoice.positions(indices: nil, names: name.map { [$0] }, source, option: "--name")?[0] ?? image
    let ofSeveral = MontageRun.differing("model_sha256", readers)
    let forSeveral = MontageRun.differing("target", readers)
    let rows = try zip(files, readers).map { file, reader in try findRow(of: image, in: reader, file: file) }
    let relevance = try zip(rows, readers).map { row, reader -> Tensor<Float> in
      let maps = try reader.maps(row..<row + 1)
      return maps.reshaped(Shape(Array(maps.shape.dimensions.dropFirst())))
    }
    let heatmaps = try scale.heatmaps(relevance, norm: norm, colormap: colormap, level: level)
    var cells: [MontageFigure.Cell] = []
    var methods = ShortMethods()
    for (position, (file, reader)) in zip(files, readers).enumerated() {
      let (row, map) = (rows[position], heatmaps[position])
      if cells.isEmpty, let source {
        let size = (height: map.image.height, width: map.image.width)
        cells.append(
          MontageFigure.Cell(
            try caption(of: row, image, reader, source, withTarget: !forSeveral), try source.image(image, size: size)))
      }
      var caption = captions?[position] ?? methods.short(MontageRun.method(reader, file: file))
      if captions == nil {
        if ofSeveral { caption += "\n" + MontageRun.network(reader, file: file) }
        if forSeveral { caption += try "\n" + MontageRun.explained(row, reader, reader.schema.naming(source)) }
      }
      cells.append(MontageFigure.Cell(caption, map.image.rgb))
    }
    var figure = MontageFigure(
      title: title, cells: cells, columns: columns,
      colorBar: ColorBar(heatmaps, scale, norm: norm, colormap: colormap, level: level))
    figure.note = methods.note
    try output.write(figure, of: files)
    return image
  }

  /// Refuses files of different data.
  static func checkData(_ files: [String], _ readers: [RelevanceReader]) throws {
    for (file, reader) in zip(files, readers).dropFirst() {
      let (own, wanted) = (reader.schema.provenance, readers[0].schema.provenance)
      if let digest = own[ImageSource.digestKey], let other = wanted[ImageSource.digestKey], digest != other {
        throw EspalierError(
          "it is of other images (\(own["data"] ?? "unknown")) than \(files[0]) (\(wanted["data"] ?? "unknown"))", file: file,
          accepted: "files of one data set")
      }
    }
  }

  /// Whether files say different things of their origin.
  private static func differing(_ key: String, _ readers: [RelevanceReader]) -> Bool {
    Set(readers.map { $0.schema.provenance[key] ?? "" }).count > 1
  }

  private func findRow(of image: Int, in reader: RelevanceReader, file: String) throws -> Int {
    let step = 1 << 16
    var (least, most) = (UInt32.max, UInt32.min)
    for start in stride(from: 0, to: reader.count, by: step) {
      let indices = try reader.indices(start..<min(start + step, reader.count))
      if let position = indices.firstIndex(of: UInt32(clamping: image)) { return start + position }
      least = min(least, indices.min() ?? least)
      most = max(most, indices.max() ?? most)
    }
    throw ImageChoice.missing(image, in: least > most ? [] : [Int(least), Int(most)], file: file)
  }

  private func caption(
    of row: Int, _ image: Int, _ reader: RelevanceReader, _ source: ImageSource, withTarget: Bool
  ) throws -> String {
    let label = Int(try reader.labels(row..<row + 1)[0])
    let schema = reader.schema.naming(source)
    let truth =
      schema.isLabelled && schema.classNames.indices.contains(label) ? schema.classNames[label] : nil
    var lines = [truth ?? "image \(image)"]
    if withTarget { lines.append(try MontageRun.explained(row, reader, schema)) }
    return lines.joined(separator: "\n")
  }

  /// What a row's relevance explains.
  private static func explained(_ row: Int, _ reader: RelevanceReader, _ schema: RelevanceSchema) throws -> String {
    let outputs = try reader.predictions(row..<row + 1).elements
    let predicted = outputs.count == 1 ? (outputs[0] > 0 ? 1 : 0) : outputs.max().flatMap { outputs.firstIndex(of: $0) } ?? 0
    return ExplainedTarget(schema).caption(label: Int(try reader.labels(row..<row + 1)[0]), predicted: predicted)
  }

  /// What a file says that its relevance was computed by.
  private static func method(_ reader: RelevanceReader, file: String) -> String {
    let provenance = reader.schema.provenance
    let attributor = provenance["attributor"].flatMap { $0.isEmpty || $0 == "lrp" ? nil : $0 }
    return attributor ?? provenance["composite"] ?? file
  }

  /// The file name of the network that a file says it is of.
  private static func network(_ reader: RelevanceReader, file: String) -> String {
    reader.schema.provenance["model"].flatMap { $0.split(separator: "/").last.map(String.init) } ?? file
  }
}
