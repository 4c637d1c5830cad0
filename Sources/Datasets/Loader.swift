import Scheduling
import Tensors

/// A batch of preprocessed samples.
public struct Batch: Sendable {
  /// The input [N, …]: N samples, in the preprocessing's layout or the file's.
  public var input: Tensor<Float>
  /// The labels that are right for each sample; empty where unknown.
  public var labels: [[Int]]
  /// The samples' positions in the data set.
  public var indices: [Int]
  /// Which pixels of each input show the object; nil where a sample has no mask, empty unless the loader takes masks.
  public var masks: [BitMask?] = []
  /// What the network's inputs beside that of the images take, by their names, [N, …] each.
  public var others: [String: Tensor<Float>] = [:]
}

/// What an input beside that of the images takes, sample by sample.
public struct SampleInput: Sendable {
  /// The input's name.
  public let name: String
  /// From a sample's position in the data set to what goes with it; from any thread.
  public let row: @Sendable (Int) throws -> Tensor<Float>

  /// Makes a source.
  public init(_ name: String, row: @escaping @Sendable (Int) throws -> Tensor<Float>) {
    self.name = name
    self.row = row
  }
}

/// Turns a data set into batches of preprocessed samples, always the same for the same seed and epoch.
public struct Loader: Sendable {
  /// The samples.
  public let dataset: any Dataset
  /// How images become inputs; tensors are taken as they are.
  public let preprocessing: Preprocessing
  /// The number of samples in a batch; the last one may have fewer.
  public let batch: Int
  /// The number of classes that labels must lie below; nil if any label will do.
  public let classes: Int?
  /// Random changes of the samples; nil for none.
  public let augmentation: Augmentation?
  /// Whether each epoch has an order of its own.
  public let isShuffled: Bool
  /// The seed of order and augmentation.
  public let seed: UInt64
  /// Whether batches carry the objects' masks.
  public let takesMasks: Bool
  /// What the network's other inputs take.
  public let others: [SampleInput]

  /// Makes a loader.
  ///
  /// - Precondition: masks are not taken of samples that change at random.
  public init(
    _ dataset: any Dataset, preprocessing: Preprocessing, batch: Int, classes: Int? = nil, augmentation: Augmentation? = nil,
    isShuffled: Bool = false, seed: UInt64 = 0, takesMasks: Bool = false, others: [SampleInput] = []
  ) {
    self.others = others
    precondition(batch > 0, "a batch has a sample")
    precondition(!takesMasks || augmentation == nil, "masks do not follow random changes")
    self.dataset = dataset
    self.preprocessing = preprocessing
    self.batch = batch
    self.classes = classes
    self.augmentation = augmentation
    self.isShuffled = isShuffled
    self.seed = seed
    self.takesMasks = takesMasks
  }

  /// The number of batches in an epoch.
  public var count: Int { (dataset.count + batch - 1) / batch }

  /// One pass over the data.
  public func epoch(_ number: Int = 0) -> Epoch { Epoch(loader: self, number: number) }

  /// One pass over the data, each batch of which can be made at any time on any thread.
  public struct Epoch: Sendable {
    /// The samples' positions in the data set, in the order of this pass.
    public let order: [Int]
    private let loader: Loader
    private let number: Int

    init(loader: Loader, number: Int) {
      self.loader = loader
      self.number = number
      if loader.isShuffled {
        var random = Philox(seed: loader.seed, stream: Philox.stream(named: "order") &+ UInt64(number))
        order = random.permutation(loader.dataset.count)
      } else {
        order = Array(0..<loader.dataset.count)
      }
    }

    /// The number of batches.
    public var count: Int { loader.count }

    /// Decodes and preprocesses one batch, on the calling thread: what a worker does for its shard.
    ///
    /// - Throws: `EspalierError` naming the sample that is damaged, mislabelled or of another shape than the first.
    public func batch(_ index: Int) throws -> Batch {
      precondition(0..<count ~= index, "batch \(index) of \(count)")
      return try batch(at: index * loader.batch..<min((index + 1) * loader.batch, order.count))
    }

    /// Decodes and preprocesses the samples at some positions of this pass's order.
    ///
    /// - Throws: `EspalierError` naming the sample that is damaged, mislabelled or of another shape than the first.
    public func batch(at positions: Range<Int>) throws -> Batch {
      let indices = Array(order[positions])
      var shape: Shape?
      var elements: [Float] = []
      var labels: [[Int]] = []
      var masks: [BitMask?] = []
      for sampleIndex in indices {
        let sample = try loader.dataset.sample(sampleIndex)
        try loader.check(sample)
        let input = try loader.input(of: sample, at: sampleIndex, epoch: number)
        if let shape, shape != input.shape {
          throw EspalierError(
            "has shape \(input.shape) where the first of its batch has \(shape)", location: sample.name,
            accepted: "one shape, as a preprocessing with resize and crop gives it")
        }
        if shape == nil { elements.reserveCapacity(indices.count * input.count) }
        shape = input.shape
        elements += input.elements
        labels.append(sample.labels)
        if loader.takesMasks {
          masks.append(try naming(location: sample.name) { try sample.mask.flatMap { try loader.preprocessing.fittedMask($0) } })
        }
      }
      let others = try loader.others.map { input in
        let rows = try indices.map(input.row)
        let lengths = rows.first?.shape.dimensions ?? []
        return (input.name, Tensor(rows.flatMap(\.elements), shape: Shape([indices.count] + lengths)))
      }
      return Batch(
        input: Tensor(elements, shape: Shape([indices.count] + (shape?.dimensions ?? []))), labels: labels, indices: indices,
        masks: masks, others: Dictionary(others, uniquingKeysWith: { first, _ in first }))
    }

    /// All batches in order, made ahead of their use.
    ///
    /// - Parameters:
    ///   - depth: how many batches to be ahead.
    ///   - producers: the number of threads that decode.
    public func batches(depth: Int = 2, producers: Int = 1) -> Prefetcher<Batch> {
      Prefetcher(count: count, depth: depth, producers: producers) { try batch($0) }
    }
  }

  private func check(_ sample: Sample) throws {
    guard let classes, let label = sample.labels.first(where: { !(0..<classes ~= $0) }) else { return }
    throw EspalierError("has label \(label)", location: sample.name, accepted: "0 to \(classes - 1)")
  }

  private func input(of sample: Sample, at index: Int, epoch: Int) throws -> Tensor<Float> {
    let draw = augmentation?.draw(seed: seed, epoch: epoch, index: index)
    switch sample.content {
    case .image(let image):
      let fitted = try naming(location: sample.name) { try preprocessing.fitted(image) }
      return preprocessing.normalized(draw?(fitted) ?? fitted)
    case .tensor(let tensor):
      guard let draw else { return tensor }
      guard tensor.shape.rank == 3 else {
        throw EspalierError(
          "has shape \(tensor.shape), which is no image to be moved", location: sample.name, accepted: "no augmentation")
      }
      return draw(tensor, isChannelsLast: preprocessing.layout == .nhwc)
    }
  }
}
