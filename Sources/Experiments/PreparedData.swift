import Analysis
import Datasets
import Networks
import Synchronization
import Tensors
import Training

/// A data set as a network wants it.
public struct PreparedData: Sendable {
  /// The images.
  public let dataset: Subset
  /// How they become inputs.
  public let preprocessing: Preprocessing
  /// What was asked for, with the task.
  public let request: DataRequest
  /// What labels are.
  public let task: LearningTask

  /// Whether they are images; tensors are taken as they are, whatever the preprocessing.
  public let holdsImages: Bool

  /// Which axes of the inputs count channels.
  public let layout: SampleLayout
  /// What the network's inputs beside that of the images take, and from where.
  let others: [SampleInput]
  let sources: [String: InputSource]

  /// Opens the data for a model.
  ///
  /// - Throws: `EspalierError` if something is missing or damaged, or the images do not fit the model.
  public init(_ request: DataRequest, for model: Model, note: (String) -> Void) throws {
    try self.init(request, for: model.graph, named: model.path, output: model.output, inputs: model.inputs, note: note)
  }

  /// Opens the data for a network.
  ///
  /// - Parameters:
  ///   - output: the output that labels are about; the first if nil.
  ///   - name: what messages call the network.
  ///   - output: the result that is used; any if nil.
  ///   - inputs: what inputs beside that of the images take, by their names, where the data do not say.
  ///   - preprocessing: how images become inputs, where that is known; nil to find out.
  /// - Throws: `EspalierError` if something is missing or damaged, or the images do not fit.
  init(
    _ request: DataRequest, for graph: Graph, named name: String, output: String? = nil, inputs: [String: InputSource] = [:],
    preprocessing known: Preprocessing? = nil, note: (String) -> Void
  ) throws {
    let form = try? graph.classScores(output: output).form
    task = request.task ?? (form?.isVector ?? true ? .classification : .segmentation)
    if request.task == .segmentation, let form, form.isVector {
      throw EspalierError(
        "the output has \(form.classes.of("number")) an image, and no pixels or positions", file: name, location: "--task",
        accepted: "classification, regression, or --output with another value")
    }
    var request = request
    request.task = task
    dataset = try request.open()
    self.request = request
    for line in dataset.notes { note(line) }
    if case .image = try dataset.sample(0).content { holdsImages = true } else { holdsImages = false }
    guard let input = graph.inputs.first else {
      throw EspalierError("the network has no input", file: name, accepted: "one for the images")
    }
    let isSilent = !holdsImages
    let axis = graph.channelAxis
    var preprocessing =
      try known
      ?? Preprocessing.of(
        graph.metadata, file: request.preprocessing, image: graph.image, isChannelsLast: axis.map { $0 == 3 }, from: name
      ) { if !isSilent { note($0) } }
    let rank = input.dimensions.count
    switch axis {
    case 1?: layout = .channelsFirst
    case let axis? where axis == rank - 1: layout = .channelsLast
    default: layout = rank == 4 && preprocessing.layout == .nhwc ? .channelsLast : .usual(rank: rank)
    }
    // Of tensors, which are taken as they are, nothing but the order of the axes is of use, and that is the network's.
    if !holdsImages { preprocessing = Preprocessing(layout: layout == .channelsLast ? .nhwc : .nchw) }
    self.preprocessing = preprocessing
    if holdsImages { for doubt in preprocessing.doubts { note(doubt) } }
    let found = try graph.sources(neededFor: output, asked: inputs, data: request.spec, network: name)
    let positions = dataset.indices
    let whole = found.isEmpty ? 0 : try request.openWhole().count
    others = try found.map { try $0.source.open(for: $0.input, positions: positions, count: whole) }
    sources = Dictionary(found.map { ($0.input.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    if !found.isEmpty {
      note(
        "\(name): the images go to input '\(input.name)'; "
          + found.map { "'\($0.input.name)' takes \($0.source)" }.joined(separator: ", "))
    }
    try checkClasses(graph.classCount(output ?? graph.outputs.first), note: note)
    let shape = try loader(batch: 1).epoch().batch(0).input.shape.dimensions.dropFirst()
    let declared = input.dimensions.dropFirst().map { if case .fixed(let length) = $0 { length } else { Int?.none } }
    guard shape.count == declared.count, zip(shape, declared).allSatisfy({ $1 == nil || $0 == $1 }) else {
      let accepted = declared.map { $0.map(String.init) ?? "?" }.joined(separator: "×")
      throw EspalierError(
        "images of shape \(Shape(Array(shape))) do not fit the network's input '\(input.name)'", location: "\(request.spec)",
        accepted: accepted
          + (graph.image.map { PreparedData.cure(Array(shape), for: $0, holdsImages: holdsImages) } ?? ""))
    }
  }

  /// What the other inputs take, for provenance: names, sources and the digests of files; nil where there are none.
  func inputProvenance() throws -> String? {
    guard !sources.isEmpty else { return nil }
    return try sources.sorted { $0.key < $1.key }.map { name, source in
      // The data's own digest tells of what lies beside the images.
      if case .hdf5(let file, _) = source, case .hdf5(file) = request.spec { return "\(name)=\(source)" }
      return "\(name)=\(source)" + (try source.digest().map { " (SHA-256 \($0))" } ?? "")
    }.joined(separator: ", ")
  }

  /// Says where the classes of the data are not as many as the network's outputs.
  ///
  /// - Throws: `EspalierError` naming an image whose label is beyond them.
  private func checkClasses(_ outputs: Int?, note: (String) -> Void) throws {
    guard task == .classification, case .folder = request.spec, let outputs, outputs > 1 else { return }
    for index in 0..<dataset.count {
      if let label = try dataset.labels(index).first(where: { $0 >= outputs }) {
        let name = dataset.classNames.map { label < $0.count ? ", \($0[label])" : "" } ?? ""
        throw EspalierError(
          "\(dataset.name(index)) has label \(label)\(name), which is no class of the network", location: "\(request.spec)",
          accepted: "0 to \(outputs - 1); --classes FILE numbers the folders")
      }
    }
    if request.classes == nil, let names = dataset.classNames, names.count != outputs {
      note("\(request.spec) has \(names.count) classes, the network \(outputs) outputs; --classes FILE says which are which")
    }
  }

  /// What makes images of one shape those of another, where there is something.
  static func cure(_ shape: [Int], for image: [Int], holdsImages: Bool) -> String {
    let isLast = shape.count == 3 && [shape[2], shape[0], shape[1]] == image
    let isFirst = shape.count == 3 && [shape[1], shape[2], shape[0]] == image
    if isLast || isFirst {
      return holdsImages
        ? ", by --preprocess FILE with layout = \"\(isLast ? "nchw" : "nhwc")\""
        : "; these are channels \(isLast ? "last" : "first"), and tensors are taken as they are"
    }
    guard holdsImages else { return "; tensors are taken as they are" }
    if shape.count == 3, let channels = image.first, [1, 3].contains(channels), shape[0] != channels,
      Array(shape[1...]) == Array(image[1...])
    {
      return ", by --preprocess FILE with channels = \(channels)"
    }
    return ", by --preprocess FILE with resize and crop"
  }

  /// Whether images have labels.
  public func isLabelled() throws -> Bool {
    switch task {
    case .classification: try !dataset.labels(0).isEmpty
    case .segmentation: try !dataset.labels(0).isEmpty || hasPixelLabels()
    case .regression: try dataset.values(0) != nil
    }
  }

  /// Whether the classes of pixels are known.
  func hasPixelLabels() throws -> Bool { try task == .segmentation && dataset.pixelLabels(0) != nil }

  /// Refuses images that have no labels.
  ///
  /// - Throws: `EspalierError` naming the data.
  func requireLabels() throws {
    switch task {
    case .classification:
      guard try !isLabelled() else { return }
      throw EspalierError("the images have no labels", location: "\(request.spec)", accepted: "labelled images")
    case .segmentation:
      guard try !hasPixelLabels() else { return }
      throw EspalierError(
        "the classes of the images' pixels are not known", location: "\(request.spec)",
        accepted: "--masks DIR for folder:, a column mask in csv:, or a dataset label [N, H, W] in hdf5:")
    case .regression:
      guard try !isLabelled() else { return }
      throw EspalierError(
        "the images have no numbers for labels", location: "\(request.spec)",
        accepted: "a dataset label in hdf5:, or a column label in csv:")
    }
  }

  /// Batches in the data's order, with the objects' masks and with what is right of pixels or numbers, if they are asked for.
  func loader(batch: Int, classes: Int? = nil, takesMasks: Bool = false, takesAnswers: Bool = false) -> Loader {
    Loader(
      dataset, preprocessing: preprocessing, batch: batch, classes: classes, takesMasks: takesMasks,
      task: takesAnswers ? task : .classification, others: others)
  }

  /// Batches as a pass takes them that explains a target or starts from its loss.
  func loader(batch: Int, explaining target: RelevanceTarget, classes: Int?, takesMasks: Bool = false) throws -> Loader {
    try loader(
      batch: batch, classes: target.isLabel ? classes : nil, takesMasks: takesMasks || target.needsMasks,
      takesAnswers: target.isLabel && (hasPixelLabels() || task == .regression))
  }
}

extension Graph {
  /// The number of classes that an output [N, K] or [N, K, 1, …] tells apart; nil if it has another shape.
  fileprivate func classCount(_ output: String?) -> Int? {
    guard let output, let shape = try? facts(batch: 1)[output]?.shape, shape.rank >= 2 else { return nil }
    return shape.dimensions.dropFirst(2).allSatisfy { $0 == 1 } ? shape[1] : nil
  }
}

/// The batches of a loader as training and evaluation ask for them.
final class LabelledBatches: LabelledData {
  private let loader: Loader
  private let current = Mutex<(number: Int, epoch: Loader.Epoch)?>(nil)

  init(_ loader: Loader) { self.loader = loader }

  var count: Int { loader.dataset.count }

  func shard(_ positions: Range<Int>, epoch number: Int) throws -> LabelledShard {
    let epoch = current.withLock { current in
      if let current, current.number == number { return current.epoch }
      let epoch = loader.epoch(number)
      current = (number, epoch)
      return epoch
    }
    let batch = try epoch.batch(at: positions)
    return LabelledShard(
      samples: batch.input, others: batch.others, labels: batch.labels, positions: batch.positions, values: batch.values,
      indices: batch.indices)
  }
}
