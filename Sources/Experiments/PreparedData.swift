import Datasets
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

  /// Opens the data for a model.
  ///
  /// - Throws: `EspalierError` if something is missing or damaged, or the pictures do not fit the model.
  public init(_ request: DataRequest, for model: Model, note: (String) -> Void) throws {
    try self.init(
      request,
      preprocessing: Preprocessing.of(
        model.graph.metadata, file: request.preprocessing, picture: model.picture, from: model.path, note: note),
      picture: model.picture)
  }

  /// Opens the data for a network with a preprocessing that is known.
  ///
  /// - Throws: `EspalierError` if something is missing or damaged, or the pictures do not fit.
  init(_ request: DataRequest, preprocessing: Preprocessing, picture: [Int]?) throws {
    self.request = request
    self.preprocessing = preprocessing
    dataset = try request.open()
    let shape = try loader(batch: 1).epoch().batch(0).input.shape.dimensions.dropFirst()
    if let picture, Array(shape) != picture {
      throw EspalierError(
        "pictures of shape \(Shape(Array(shape))) do not fit the network's input", place: "\(request.spec)",
        accepted: "\(Shape(picture)), by --preprocess FILE")
    }
  }

  /// Whether pictures have labels.
  public func isLabelled() throws -> Bool { try !dataset.labels(0).isEmpty }

  /// Batches in the data's order.
  func loader(batch: Int, classes: Int? = nil) -> Loader {
    Loader(dataset, preprocessing: preprocessing, batch: batch, classes: classes)
  }
}

/// The batches of a loader as training and evaluation ask for them.
final class LabelledBatches: LabelledData {
  private let loader: Loader
  private let current = Mutex<(number: Int, epoch: Loader.Epoch)?>(nil)

  init(_ loader: Loader) { self.loader = loader }

  var count: Int { loader.dataset.count }

  func shard(_ positions: Range<Int>, epoch number: Int) throws -> LabelledShard {
    precondition(
      positions.lowerBound % loader.batch == 0 && positions.count <= loader.batch, "a shard is one of the loader's batches")
    let epoch = current.withLock { current in
      if let current, current.number == number { return current.epoch }
      let epoch = loader.epoch(number)
      current = (number, epoch)
      return epoch
    }
    let batch = try epoch.batch(positions.lowerBound / loader.batch)
    return LabelledShard(samples: batch.input, labels: batch.labels, indices: batch.indices)
  }
}
