import Storage
import Tensors

/// Writes a relevance file, some rows at a time.
///
/// Nothing stands at the path before ``commit()``.
///
/// The layout is that of an attribution file of ViRelAy 0.6.1, so it opens there as it is:
///
///     attribution                  [N, C, H, W]   relevance of the input (left out without maps)
///     label                        [N]            uint16
///     prediction                   [N, K]
///     index                        [N]            uint32, places in the data set
///     relevance/<layer>            [N, channels]  summed over space
///     relevance-absolute/<layer>   [N, channels]  magnitudes summed over space
///     scales/                                     the coordinates of every axis
///
/// Readers of netCDF (xarray) look for an axis's scale in a dataset's own group and those above it, so each scale in `scales`
/// has a second link in the root. Layers with the same number n of channels share the axis `filter_n`.
public final class RelevanceWriter {
  private let file: HDF5File
  private let schema: RelevanceSchema
  private let attribution: HDF5Dataset?
  private let label, prediction, index, sample: HDF5Dataset
  private let signed, absolute: [HDF5Dataset]

  /// Begins a file for a number of pictures.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public init(_ path: String, schema: RelevanceSchema, count: Int) throws {
    let file = try HDF5File.create(path)
    let scales = try Scales(file, schema: schema, count: count)
    let shape = Shape([count] + schema.map.dimensions)
    if schema.precision != .none {
      let attribution = try file.createDataset(
        "attribution", of: schema.precision == .float16 ? .float16 : .float32, shape: shape)
      try attribution.describe(units: "share of the start relevance", "relevance of the input, picture by picture")
      try scales.attach(to: attribution, "sample", "channel", "row", "column")
      self.attribution = attribution
    } else {
      attribution = nil
    }
    label = try file.createDataset("label", of: .uint16, shape: [count])
    try label.describe(units: "class", schema.isLabelled ? "true class" : "predicted class; the data have no labels")
    prediction = try file.createDataset("prediction", of: .float32, shape: [count, schema.classes])
    try prediction.describe(units: "logit", "output of the network before a final softmax")
    index = try file.createDataset("index", of: .uint32, shape: [count])
    try index.describe(units: "picture", "place of the picture in the data set")
    try scales.attach(to: label, "sample")
    try scales.attach(to: prediction, "sample", "class")
    try scales.attach(to: index, "sample")

    func layers(_ group: String, _ description: String) throws -> [HDF5Dataset] {
      try file.createGroup(group).describe("\(description), of every convolution and linear layer")
      return try schema.layers.map { layer in
        let dataset = try file.createDataset("\(group)/\(layer.name)", of: .float32, shape: [count, layer.channels])
        try dataset.describe(units: "share of the start relevance", description)
        try dataset.setAttribute("node", layer.node)
        try dataset.setAttribute("order", Int64(layer.order))
        try scales.attach(to: dataset, "sample", Scales.filters(layer.channels))
        return dataset
      }
    }
    signed = try layers("relevance", "relevance of each channel, summed over space")
    absolute = try layers("relevance-absolute", "magnitude of the relevance of each channel, summed over space")
    for (name, value) in schema.provenance.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, value) }
    sample = scales.sample
    self.schema = schema
    self.file = file
  }

  /// Writes rows from a place on.
  ///
  /// - Throws: `EspalierError` if their shapes are not the schema's, or the file cannot be written.
  public func write(_ rows: RelevanceRows, at start: Int) throws {
    let numbers = Tensor(rows.indices, shape: [rows.count])
    try index.write(numbers, atRow: start)
    try sample.write(numbers, atRow: start)
    try label.write(Tensor(rows.labels, shape: [rows.labels.count]), atRow: start)
    try prediction.write(rows.predictions, atRow: start)
    if let attribution, let maps = rows.attribution { try attribution.write(maps, atRow: start) }
    for (dataset, values) in zip(signed, rows.signed) { try dataset.write(values, atRow: start) }
    for (dataset, values) in zip(absolute, rows.absolute) { try dataset.write(values, atRow: start) }
  }

  /// Gives the file its name, once every row is written.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func commit() throws { try file.commit() }
}

/// The coordinates of the axes.
private struct Scales {
  let sample: HDF5Dataset
  private var byName: [String: HDF5Dataset] = [:]

  static func filters(_ count: Int) -> String { "filter_\(count)" }

  init(_ file: HDF5File, schema: RelevanceSchema, count: Int) throws {
    try file.createGroup("scales").describe("coordinates of the axes")
    func scale(_ name: String, _ length: Int, _ description: String) throws -> HDF5Dataset {
      let dataset = try file.write(Tensor((0..<length).map { UInt32(clamping: $0) }, shape: [length]), to: "scales/\(name)")
      try dataset.makeScale(name: name)
      try dataset.describe(description)
      try file.link(dataset, as: name)
      return dataset
    }
    sample = try scale("sample", count, "place of the picture in the data set")
    byName["sample"] = sample
    for (name, length) in zip(["channel", "row", "column"], schema.map.dimensions) {
      byName[name] = try scale(name, length, "\(name) of the input")
    }
    let classes = try scale("class", schema.classes, "class")
    if !schema.classNames.isEmpty { try classes.setAttribute("names", schema.classNames) }
    byName["class"] = classes
    for channels in Set(schema.layers.map(\.channels)).sorted() {
      let name = Scales.filters(channels)
      byName[name] = try scale(name, channels, "filter, for layers that have \(channels)")
    }
  }

  func attach(to dataset: HDF5Dataset, _ names: String...) throws {
    for (axis, name) in names.enumerated() { try dataset.attach(byName[name]!, axis: axis) }
  }
}

extension HDF5Group {
  fileprivate func describe(_ description: String) throws { try setAttribute("description", description) }
}
