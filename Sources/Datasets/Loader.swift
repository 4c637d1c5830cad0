import Scheduling
import Tensors

/// A batch of preprocessed samples.
public struct Batch: Sendable {
  /// The input [N, …]: N samples, in the preprocessing's layout or the file's.
  public var input: Tensor<Float>
  /// The labels that are right for each sample; empty where unknown.
  public var labels: [[Int]]
  /// The class of each of a sample's positions, below 0 for none; empty unless the loader takes them.
  public var positions: [[Int32]] = []
  /// The numbers that are right for each sample; empty unless the loader takes them.
  public var values: [[Float]] = []
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
  /// What is taken of a sample beside its classes: those of pixels, or numbers.
  public let task: LearningTask
  /// What the network's other inputs take.
  public let others: [SampleInput]

  /// Makes a loader.
  ///
  /// - Precondition: masks are not taken of samples that change at random.
  public init(
    _ dataset: any Dataset, preprocessing: Preprocessing, batch: Int, classes: Int? = nil, augmentation: Augmentation? = nil,
    isShuffled: Bool = false, seed: UInt64 = 0, takesMasks: Bool = false, task: LearningTask = .classification,
    others: [SampleInput] = []
  ) {
    self.task = task
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
      var positions: [[Int32]] = []
      var values: [[Float]] = []
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
        switch loader.task {
        case .classification: break
        case .segmentation:
          positions.append(
            try naming(location: sample.name) { try loader.positions(of: sample, at: sampleIndex, epoch: number) })
        case .regression:
          guard let own = try loader.dataset.values(sampleIndex) else {
            throw EspalierError("has no numbers for a label", location: sample.name, accepted: "labels that are numbers")
          }
          values.append(own)
        }
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
        input: Tensor(elements, shape: Shape([indices.count] + (shape?.dimensions ?? []))), labels: labels,
        positions: positions, values: values, indices: indices, masks: masks,
        others: Dictionary(others, uniquingKeysWith: { first, _ in first }))
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

  /// The class of each pixel of a sample, as the network gets it.
  private func positions(of sample: Sample, at index: Int, epoch: Int) throws -> [Int32] {
    guard let labels = try dataset.pixelLabels(index) else {
      throw EspalierError("has no classes of its pixels", accepted: "index masks, or an HDF5 dataset label [N, H, W]")
    }
    let draw = augmentation?.draw(seed: seed, epoch: epoch, index: index)
    let found: [Int32]
    switch (labels, sample.content) {
    case (.image(let map), .image(let image)):
      guard map.width == image.width, map.height == image.height else {
        throw EspalierError(
          "its index mask has \(map.width)×\(map.height) pixels, where it has \(image.width)×\(image.height)")
      }
      let fitted = try preprocessing.fitted(map, interpolation: .nearest)
      let drawn = draw?(fitted) ?? fitted
      found = stride(from: 0, to: drawn.pixels.count, by: drawn.channels).map { Int32(drawn.pixels.elements[$0]) - 1 }
    case (.positions(let map), _):
      guard let draw else {
        found = map.elements
        break
      }
      guard map.shape.rank == 2 else {
        throw EspalierError("has labels of shape \(map.shape), which are no image to be moved", accepted: "no augmentation")
      }
      let whole = Tensor(map.elements.map { Float($0 + 1) }, shape: Shape([1] + map.shape.dimensions))
      found = draw(whole).elements.map { Int32($0) - 1 }
    case (.image, .tensor): throw EspalierError("is a tensor with an image of labels", accepted: "both images, or both numbers")
    }
    if let classes, let label = found.first(where: { $0 >= classes }) {
      throw EspalierError("has a pixel of class \(label)", accepted: "0 to \(classes - 1), and 255 for none")
    }
    return found
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
