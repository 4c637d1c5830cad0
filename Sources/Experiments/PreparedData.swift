import Datasets
import Networks
import Synchronization
import Tensors
import Training

/// A data set as a network wants it.
public struct PreparedData: Sendable {
  /// The pictures.
  public let dataset: Subset
  /// How they become inputs.
  public let preprocessing: Preprocessing
  /// What was asked for.
  public let request: DataRequest

  /// Whether they are pictures; tensors are taken as they are, whatever the preprocessing.
  public let holdsPictures: Bool

  /// Opens the data for a model.
  ///
  /// - Throws: `EspalierError` if something is missing or damaged, or the pictures do not fit the model.
  public init(_ request: DataRequest, for model: Model, note: (String) -> Void) throws {
    try self.init(request, for: model.graph, output: model.output, named: model.path, note: note)
  }

  /// Opens the data for a network.
  ///
  /// - Parameters:
  ///   - output: the output that labels are about; the first if nil.
  ///   - name: what messages call the network.
  ///   - preprocessing: how pictures become inputs, where that is known; nil to find out.
  /// - Throws: `EspalierError` if something is missing or damaged, or the pictures do not fit.
  init(
    _ request: DataRequest, for graph: Graph, output: String? = nil, named name: String,
    preprocessing known: Preprocessing? = nil,
    note: (String) -> Void
  ) throws {
    dataset = try request.open()
    self.request = request
    for line in dataset.notes { note(line) }
    if case .picture = try dataset.sample(0).content { holdsPictures = true } else { holdsPictures = false }
    let isSilent = !holdsPictures
    let found =
      try known
      ?? Preprocessing.of(graph.metadata, file: request.preprocessing, picture: graph.picture, from: name) {
        if !isSilent { note($0) }
      }
    // Of tensors, which are taken as they are, nothing but the order of the axes is of use.
    preprocessing = holdsPictures ? found : Preprocessing(layout: found.layout)
    if holdsPictures { for doubt in preprocessing.doubts { note(doubt) } }
    try checkClasses(graph.classCount(output ?? graph.outputs.first), note: note)
    let shape = try loader(batch: 1).epoch().batch(0).input.shape.dimensions.dropFirst()
    if let picture = graph.picture, Array(shape) != picture {
      throw EspalierError(
        "pictures of shape \(Shape(Array(shape))) do not fit the network's input", place: "\(request.spec)",
        accepted: "\(Shape(picture))" + PreparedData.cure(Array(shape), for: picture, holdsPictures: holdsPictures))
    }
  }

  /// Says where the classes of the data are not as many as the network's outputs.
  ///
  /// - Throws: `EspalierError` naming an image whose label is beyond them.
  private func checkClasses(_ outputs: Int?, note: (String) -> Void) throws {
    guard case .folder = request.spec, let outputs, outputs > 1 else { return }
    for index in 0..<dataset.count {
      if let label = try dataset.labels(index).first(where: { $0 >= outputs }) {
        let name = dataset.classNames.map { label < $0.count ? ", \($0[label])" : "" } ?? ""
        throw EspalierError(
          "\(dataset.name(index)) has label \(label)\(name), which is no class of the network", place: "\(request.spec)",
          accepted: "0 to \(outputs - 1); --classes FILE numbers the folders")
      }
    }
    if request.classes == nil, let names = dataset.classNames, names.count != outputs {
      note("\(request.spec) has \(names.count) classes, the network \(outputs) outputs; --classes FILE says which are which")
    }
  }

  /// What makes pictures of one shape those of another, where there is something.
  static func cure(_ shape: [Int], for picture: [Int], holdsPictures: Bool) -> String {
    let isLast = shape.count == 3 && [shape[2], shape[0], shape[1]] == picture
    let isFirst = shape.count == 3 && [shape[1], shape[2], shape[0]] == picture
    if isLast || isFirst {
      return holdsPictures
        ? ", by --preprocess FILE with layout = \"\(isLast ? "nchw" : "nhwc")\""
        : "; these are channels \(isLast ? "last" : "first"), and tensors are taken as they are"
    }
    guard holdsPictures else { return "; tensors are taken as they are" }
    if shape.count == 3, let channels = picture.first, [1, 3].contains(channels), shape[0] != channels,
      Array(shape[1...]) == Array(picture[1...])
    {
      return ", by --preprocess FILE with channels = \(channels)"
    }
    return ", by --preprocess FILE with resize and crop"
  }

  /// Whether pictures have labels.
  public func isLabelled() throws -> Bool { try !dataset.labels(0).isEmpty }

  /// Refuses pictures that have no labels.
  ///
  /// - Throws: `EspalierError` naming the data.
  func requireLabels() throws {
    guard try !isLabelled() else { return }
    throw EspalierError("the pictures have no labels", place: "\(request.spec)", accepted: "labelled pictures")
  }

  /// Batches in the data's order, with the objects' masks if they are asked for.
  func loader(batch: Int, classes: Int? = nil, takesMasks: Bool = false) -> Loader {
    Loader(dataset, preprocessing: preprocessing, batch: batch, classes: classes, takesMasks: takesMasks)
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
    return LabelledShard(samples: batch.input, labels: batch.labels, indices: batch.indices)
  }
}
