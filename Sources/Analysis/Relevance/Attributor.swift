import Engine
import Networks
import Tensors

/// What surrounds the passes through a network when its answers are explained: the outer loop.
///
/// Three things are chosen apart from each other: canonizers change the network's form, a ``Composite`` says what happens in each
/// layer of a pass, and an attributor says which passes are made and what becomes of them. Conforming types are small values, one
/// a file in `Attributors`, listed in ``AttributorCatalog``.
public protocol Attributor: Sendable {
  /// The attributor's name in options and files.
  static var name: String { get }
  /// Its parameters with their defaults, as in `noise=0.1,n=20`; empty if it has none.
  static var parameters: String { get }
  /// The composite of its passes, if none is given.
  static var composite: String { get }

  /// Takes the parameters out of a list.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  init(_ parameters: inout ParameterList) throws

  /// The passes that it makes.
  var passes: AttributionPasses { get }

  /// Explains a shard of images.
  ///
  /// - Throws: what a pass throws.
  func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult
}

extension Attributor {
  public static var parameters: String { "" }
  public static var composite: String { "gradient" }
}

/// Which passes an attributor makes.
public enum AttributionPasses: Hashable, Sendable {
  /// Forward, and back to the input by the composite.
  case relevance
  /// Forward only.
  case outputs
  /// Forward, and back to the feature maps of one layer by the composite.
  case featureMaps(FeatureMapSite)
}

/// Which axes of a batch count channels.
public enum SampleLayout: Hashable, Sendable {
  /// The second: `[n, C, …]`.
  case channelsFirst
  /// The last: `[n, …, C]`.
  case channelsLast
  /// None: a vector, or an image without colours, `[n, H, W]`.
  case plane

  /// What a batch of a rank is, where nothing else is known.
  public static func usual(rank: Int) -> SampleLayout { rank > 3 ? .channelsFirst : .plane }
}

/// Images to be explained together.
public struct AttributionShard: Sendable {
  /// The images, `[n, …]`.
  public var images: Tensor<Float>
  /// What the network's other inputs take, by their names, `[n, …]`.
  public var others: [String: Tensor<Float>]
  /// What is explained of each image.
  public var targets: [OutputTarget]
  /// The images' positions in the data set; random numbers depend on them.
  public var indices: [Int]
  /// Which axes count channels.
  public var layout: SampleLayout

  /// Makes a shard.
  ///
  /// - Precondition: there is one target and one index an image, and at least one image.
  public init(
    images: Tensor<Float>, others: [String: Tensor<Float>] = [:], targets: [OutputTarget], indices: [Int],
    layout: SampleLayout? = nil
  ) {
    precondition(images.shape.rank > 0 && images.shape[0] > 0, "no images")
    precondition(targets.count == images.shape[0] && indices.count == targets.count, "one target and index an image")
    self.images = images
    self.others = others
    self.targets = targets
    self.indices = indices
    self.layout = layout ?? .usual(rank: images.shape.rank)
  }

  /// Makes a shard of which classes are explained; nil for the predicted one.
  public init(images: Tensor<Float>, targets: [Int?], indices: [Int]) {
    self.init(images: images, targets: targets.map { OutputTarget($0) }, indices: indices)
  }

  /// The number of images, n.
  public var count: Int { targets.count }

  /// How the numbers of one image stand for channels and positions.
  public var geometry: ImageGeometry { ImageGeometry(images.shape, layout: layout) }

  /// What is explained, given the network's answers to the images as they are.
  public func targets(predicted prediction: Tensor<Float>, _ form: OutputForm) -> [OutputTarget] {
    targets.enumerated().map { row, target in target.resolved(by: prediction.outputs(ofRow: row), form) }
  }

  /// What the other inputs take where copies of these images are run.
  func others(of rows: [Variants.Row]) -> [String: Tensor<Float>] {
    others.mapValues { $0.gathered(rows.map(\.image), axis: 0) }
  }
}

/// How the numbers of one image stand for channels and positions.
public struct ImageGeometry: Hashable, Sendable {
  /// The numbers of channels, rows and columns.
  public let channels, height, width: Int
  /// The distance between the numbers of neighbouring channels, and of neighbouring positions.
  public let channelStep, positionStep: Int

  /// The geometry of a batch; a vector or a signal is an image of one row.
  public init(_ shape: Shape, layout: SampleLayout? = nil) {
    let lengths = Array(shape.dimensions.dropFirst())
    let layout = lengths.count < 2 ? .plane : layout ?? .usual(rank: shape.rank)
    let positions =
      switch layout {
      case .channelsFirst: lengths.dropFirst()
      case .channelsLast: lengths.dropLast()
      case .plane: lengths[...]
      }
    height = positions.dropLast().reduce(1, *)
    width = positions.last ?? 1
    switch layout {
    case .channelsFirst: (channels, channelStep, positionStep) = (lengths[0], height * width, 1)
    case .channelsLast: (channels, channelStep, positionStep) = (lengths[lengths.count - 1], 1, lengths[lengths.count - 1])
    case .plane: (channels, channelStep, positionStep) = (1, height * width, 1)
    }
  }

  /// The number of positions.
  public var area: Int { height * width }
  /// The number of numbers.
  public var count: Int { channels * area }
}

extension Tensor<Float> {
  /// A batch as images `[n, C, H, W]`, whatever the order of its axes; a vector or a signal is an image of one row.
  public func imagesChannelsFirst(_ layout: SampleLayout) -> Tensor {
    let geometry = ImageGeometry(shape, layout: layout)
    let rows = shape.rank == 0 ? 0 : shape[0]
    let result: Shape = [rows, geometry.channels, geometry.height, geometry.width]
    guard geometry.channelStep == 1, geometry.channels > 1 else { return reshaped(result) }
    return reshaped([rows, geometry.area, geometry.channels]).transposed([0, 2, 1]).reshaped(result)
  }
}
