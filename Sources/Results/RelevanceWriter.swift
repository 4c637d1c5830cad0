import Analysis
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
///     target                       [N]            uint16, the class that is explained, where the data name one an image
///     prediction                   [N, K]         (of an output with positions the share that is predicted as each class)
///     index                        [N]            uint32, positions in the data set
///     relevance/<layer>            [N, channels]  summed over space
///     relevance-absolute/<layer>   [N, channels]  magnitudes summed over space
///     relevance-head/<product>     [N, heads]     of each head of attention, where it is multiplied with the values
///     activation-max/<layer>       [N, channels]  greatest over space, before the activation (with top images)
///     relmax/<layer>/index, value  [channels, k]  the most relevant images of each filter; actmax the most activating
///     conservation                 [N, L, 5]      float64: out, in, bias, stabiliser, other (see `ConservationTerm`)
///     scales/                                     the coordinates of every axis
///
/// Readers of netCDF (xarray) look for an axis's scale in a dataset's own group and those above it, so each scale in `scales`
/// has a second link in the root. Layers with the same number n of channels share the axis `filter_n`,
/// those with n heads `head_n`.
public final class RelevanceWriter {
  private let file: HDF5File
  private let schema: RelevanceSchema
  private let attribution: HDF5Dataset?
  private let label, prediction, index, sample: HDF5Dataset
  private let signed, absolute, heads, maxima: [HDF5Dataset]
  private let conservation, target: HDF5Dataset?
  private var mostRelevant, mostActive: [TopSamples]

  static let shares = "share of positions"
  static let predictedLabels = "predicted class; the data have no labels"

  /// Begins a file for a number of images.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public init(_ path: String, schema: RelevanceSchema, count: Int) throws {
    let file = try HDF5File.create(path)
    let scales = try Scales(file, schema: schema, count: count)
    let shape = Shape([count] + schema.map.dimensions)
    if schema.precision != .none {
      let attribution = try file.createDataset(
        "attribution", of: schema.precision == .float16 ? .float16 : .float32, shape: shape)
      try attribution.describe(units: schema.unit, "relevance of the input, image by image")
      try scales.attach(to: attribution, "sample", "channel", "row", "column")
      self.attribution = attribution
    } else {
      attribution = nil
    }
    label = try file.createDataset("label", of: .uint16, shape: [count])
    try label.describe(units: "class", schema.isLabelled ? "true class" : RelevanceWriter.predictedLabels)
    target = schema.hasTargets ? try file.createDataset("target", of: .uint16, shape: [count]) : nil
    try target?.describe(units: "class", "class whose relevance it is")
    prediction = try file.createDataset("prediction", of: .float32, shape: [count, schema.classes])
    if schema.predictsShares {
      try prediction.describe(
        units: RelevanceWriter.shares, "share of the output's positions at which each class is the greatest")
    } else {
      try prediction.describe(units: "logit", "output of the network before a final softmax")
    }
    index = try file.createDataset("index", of: .uint32, shape: [count])
    try index.describe(units: "image", "position of the image in the data set")
    try scales.attach(to: label, "sample")
    if let target { try scales.attach(to: target, "sample") }
    try scales.attach(to: prediction, "sample", "class")
    try scales.attach(to: index, "sample")

    func layers(_ group: String, _ description: String, units: String? = nil, areHeads: Bool = false) throws -> [HDF5Dataset] {
      let of = areHeads ? "of every product of attention with values" : "of every convolution and linear layer"
      try file.createGroup(group).describe("\(description), \(of)")
      return try (areHeads ? schema.heads : schema.layers).map { layer in
        let dataset = try file.createDataset("\(group)/\(layer.name)", of: .float32, shape: [count, layer.channels])
        try dataset.describe(units: units ?? schema.unit, description)
        try dataset.setAttribute("node", layer.node)
        try dataset.setAttribute("order", Int64(layer.order))
        try scales.attach(to: dataset, "sample", areHeads ? Scales.heads(layer.channels) : Scales.filters(layer.channels))
        return dataset
      }
    }
    signed = try layers("relevance", "relevance of each channel, summed over space")
    absolute = try layers("relevance-absolute", "magnitude of the relevance of each channel, summed over space")
    heads =
      schema.heads.isEmpty
      ? [] : try layers("relevance-head", "relevance of each head, summed over tokens and width", areHeads: true)
    let tops = schema.top > 0 ? schema.layers.map { TopSamples(count: schema.top, channels: $0.channels) } : []
    (mostRelevant, mostActive) = (tops, tops)
    maxima =
      schema.top > 0
      ? try layers("activation-max", "greatest value of each channel over space, before the activation", units: "activation") : []
    if schema.top > 0 { try file.setAttribute("top", Int64(schema.top)) }
    if schema.conservation.isEmpty {
      conservation = nil
    } else {
      let dataset = try file.createDataset("conservation", of: .float64, shape: [count, schema.conservation.count, 5])
      try dataset.describe(units: "relevance", "what became of each layer's relevance: out = in + bias + stabiliser + other")
      try dataset.setAttribute("terms", ConservationTerm.allCases.map(\.rawValue))
      try dataset.setAttribute("layers", schema.conservation.map(\.layer))
      try dataset.setAttribute("operators", schema.conservation.map(\.op))
      try dataset.setAttribute("rules", schema.conservation.map(\.rule))
      conservation = dataset
    }
    for (name, value) in schema.provenance.sorted(by: { $0.key < $1.key }) { try file.setAttribute(name, value) }
    sample = scales.sample
    self.schema = schema
    self.file = file
  }

  /// Writes rows from a position on.
  ///
  /// - Throws: `EspalierError` if their shapes are not the schema's, or the file cannot be written.
  public func write(_ rows: RelevanceRows, at start: Int) throws {
    let numbers = Tensor(rows.indices, shape: [rows.count])
    try index.write(numbers, atRow: start)
    try sample.write(numbers, atRow: start)
    try label.write(Tensor(rows.labels, shape: [rows.labels.count]), atRow: start)
    if let target { try target.write(Tensor(rows.targets, shape: [rows.targets.count]), atRow: start) }
    try prediction.write(rows.predictions, atRow: start)
    if let attribution, let maps = rows.attribution { try attribution.write(maps, atRow: start) }
    for (dataset, values) in zip(signed, rows.signed) { try dataset.write(values, atRow: start) }
    for (dataset, values) in zip(absolute, rows.absolute) { try dataset.write(values, atRow: start) }
    for (dataset, values) in zip(heads, rows.heads) { try dataset.write(values, atRow: start) }
    for (dataset, values) in zip(maxima, rows.maxima) { try dataset.write(values, atRow: start) }
    if let conservation, let values = rows.conservation { try conservation.write(values, atRow: start) }
    for layer in mostRelevant.indices {
      let channels = schema.layers[layer].channels
      for row in 0..<rows.count {
        let positions = row * channels..<(row + 1) * channels
        mostRelevant[layer].observe(rows.signed[layer].elements[positions], index: Int(rows.indices[row]))
        mostActive[layer].observe(rows.maxima[layer].elements[positions], index: Int(rows.indices[row]))
      }
    }
  }

  /// Gives the file its name, once every row is written.
  ///
  /// - Parameters:
  ///   - sealed: whether a checksum of all bytes is put behind them.
  ///   - adding: writes more into the file.
  /// - Throws: `EspalierError` if it cannot be written.
  public func commit(sealed: Bool = false, adding: (HDF5File) throws -> Void = { _ in }) throws {
    try write(mostRelevant, to: "relmax", "the images with the greatest relevance of each filter, the greatest first")
    try write(mostActive, to: "actmax", "the images with the greatest activation of each filter, the greatest first")
    try adding(file)
    try file.commit(sealed: sealed)
  }

  private func write(_ tops: [TopSamples], to name: String, _ description: String) throws {
    guard !tops.isEmpty else { return }
    let group = try file.createGroup(name)
    try group.describe(description)
    for (layer, top) in zip(schema.layers, tops) {
      let own = try file.createGroup("\(name)/\(layer.name)")
      try own.setAttribute("node", layer.node)
      try own.setAttribute("order", Int64(layer.order))
      // Fewer images than were asked for, or numbers that are none: the rest is NaN, at image 2³² − 1.
      let length = top.channels.map(\.count).max() ?? 0
      let shape: Shape = [layer.channels, length]
      let rows = top.channels.map { entries in
        entries.map { (UInt32(clamping: $0.index), $0.value) }
          + [(UInt32, Float)](repeating: (.max, .nan), count: length - entries.count)
      }
      try file.write(Tensor(rows.flatMap { $0.map(\.0) }, shape: shape), to: "\(name)/\(layer.name)/index")
        .describe(units: "image", "position of the image in the data set")
      try file.write(Tensor(rows.flatMap { $0.map(\.1) }, shape: shape), to: "\(name)/\(layer.name)/value")
        .describe(name == "relmax" ? "relevance, summed over space" : "activation, the greatest over space")
    }
  }
}

/// The coordinates of the axes.
private struct Scales {
  let sample: HDF5Dataset
  private var byName: [String: HDF5Dataset] = [:]

  static func filters(_ count: Int) -> String { "filter_\(count)" }
  static func heads(_ count: Int) -> String { "head_\(count)" }

  init(_ file: HDF5File, schema: RelevanceSchema, count: Int) throws {
    try file.createGroup("scales").describe("coordinates of the axes")
    func scale(_ name: String, _ length: Int, _ description: String) throws -> HDF5Dataset {
      let dataset = try file.write(Tensor((0..<length).map { UInt32(clamping: $0) }, shape: [length]), to: "scales/\(name)")
      try dataset.makeScale(name: name)
      try dataset.describe(description)
      try file.link(dataset, as: name)
      return dataset
    }
    sample = try scale("sample", count, "position of the image in the data set")
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
    for count in Set(schema.heads.map(\.channels)).sorted() {
      byName[Scales.heads(count)] = try scale(Scales.heads(count), count, "head, for attention that has \(count)")
    }
  }

  func attach(to dataset: HDF5Dataset, _ names: String...) throws {
    for (axis, name) in names.enumerated() { try dataset.attach(byName[name]!, axis: axis) }
  }
}

extension HDF5Group {
  fileprivate func describe(_ description: String) throws { try setAttribute("description", description) }
}
