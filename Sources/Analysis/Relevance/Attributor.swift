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

  /// Explains a shard of pictures.
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

/// Pictures to be explained together.
public struct AttributionShard: Sendable {
  /// The pictures, `[n, …]`.
  public var pictures: Tensor<Float>
  /// The class that is explained; nil for the predicted one.
  public var targets: [Int?]
  /// The pictures' places in the data set; random numbers depend on them.
  public var indices: [Int]
  /// Whether pictures are `[H, W, C]` instead of `[C, H, W]`.
  public var isChannelsLast: Bool

  /// Makes a shard.
  ///
  /// - Precondition: there is one target and one index a picture, and at least one picture.
  public init(pictures: Tensor<Float>, targets: [Int?], indices: [Int], isChannelsLast: Bool = false) {
    precondition(pictures.shape.rank > 0 && pictures.shape[0] > 0, "no pictures")
    precondition(targets.count == pictures.shape[0] && indices.count == targets.count, "one target and index a picture")
    self.pictures = pictures
    self.targets = targets
    self.indices = indices
    self.isChannelsLast = isChannelsLast
  }

  /// The number of pictures, n.
  public var count: Int { targets.count }

  /// How the numbers of one picture stand for channels and places.
  public var geometry: PictureGeometry { PictureGeometry(pictures.shape, isChannelsLast: isChannelsLast) }

  /// The classes that are explained, given the network's answers to the pictures as they are.
  public func targets(predicted prediction: Tensor<Float>) -> [Int] {
    targets.enumerated().map { row, target in target ?? prediction.largest(inRow: row) }
  }
}

/// How the numbers of one picture stand for channels and places.
public struct PictureGeometry: Hashable, Sendable {
  /// The numbers of channels, rows and columns.
  public let channels, height, width: Int
  /// The distance between the numbers of neighbouring channels, and of neighbouring places.
  public let channelStep, placeStep: Int

  /// The geometry of a batch `[n, C, H, W]` or `[n, H, W, C]`; a vector is a picture of one row.
  public init(_ shape: Shape, isChannelsLast: Bool = false) {
    let lengths = Array(shape.dimensions.dropFirst())
    if lengths.count >= 3 {
      let places = isChannelsLast ? lengths.dropLast() : lengths.dropFirst()
      channels = isChannelsLast ? lengths[lengths.count - 1] : lengths[0]
      height = places.dropLast().reduce(1, *)
      width = places.last ?? 1
    } else {
      channels = 1
      height = lengths.dropLast().reduce(1, *)
      width = lengths.last ?? 1
    }
    channelStep = isChannelsLast && lengths.count >= 3 ? 1 : height * width
    placeStep = isChannelsLast && lengths.count >= 3 ? channels : 1
  }

  /// The number of places.
  public var area: Int { height * width }
  /// The number of numbers.
  public var count: Int { channels * area }
}

extension Tensor<Float> {
  /// The place of the greatest number in a row of `[n, K]`, the first of equals.
  func largest(inRow row: Int) -> Int {
    let start = row * shape[1]
    return elements[start..<start + shape[1]].indexOfGreatest.map { $0 - start } ?? 0
  }
}
