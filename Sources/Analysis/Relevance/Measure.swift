import Datasets
import Networks
import Tensors

/// A number that tells how good an explanation is, image by image.
///
/// Conforming types are small values, one a file in `Measures`, listed in ``MeasureCatalog``; each also conforms to one of
/// ``MapMeasure``, ``OutputMeasure``, ``ChangeMeasure`` and ``NetworkMeasure``, which say what it needs.
public protocol Measure: Sendable {
  /// The measure's name in options and tables.
  static var name: String { get }
  /// Its parameters with their defaults, as in `sign=positive`; empty if it has none.
  static var parameters: String { get }

  /// Takes the parameters out of a list.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  init(_ parameters: inout ParameterList) throws

  /// Which numbers speak for an explanation.
  var better: MeasureDirection { get }
}

/// Which numbers of a measure speak for an explanation.
public enum MeasureDirection: String, Sendable, CaseIterable, Encodable {
  case higher, lower
}

extension Measure {
  public static var parameters: String { "" }
}

/// A measure of one map, with or without the object's mask.
public protocol MapMeasure: Measure {
  /// Whether it observes the mask.
  static var needsMask: Bool { get }

  /// The number; nil where it is not defined.
  ///
  /// - Parameter mask: the object's pixels, at least one and of the map's size; nil unless ``needsMask``.
  func value(of map: RelevanceMap, mask: BitMask?) -> Double?
}

/// A measure of what the network answers to changed images.
public protocol OutputMeasure: Measure {
  /// What each number of ``Curves/areas`` is, in tables.
  static var columns: [String] { get }

  /// The curves of a shard of images.
  ///
  /// - Parameters:
  ///   - maps: one an image.
  ///   - targets: what the maps explain, resolved by the network's answers.
  ///   - program: answers.
  func curves(_ shard: AttributionShard, maps: [RelevanceMap], targets: [OutputTarget], _ program: OutputProgram) throws
    -> [Curves]
}

/// A measure of how answers or attributions change with the image, where that is not a curve.
public protocol ChangeMeasure: Measure {
  /// What each number is, in tables.
  static var columns: [String] { get }

  /// The numbers of a shard of images, `[n][columns]`; nil where one is not defined.
  ///
  /// - Parameters:
  ///   - attributions: of the images as they are, of their shape.
  ///   - targets: what they explain, resolved by the network's answers.
  ///   - explaining: explains changed images.
  ///   - answering: answers to changed images.
  func values(
    _ shard: AttributionShard, attributions: Tensor<Float>, targets: [OutputTarget], explaining: AttributionProgram,
    answering: OutputProgram
  ) throws -> [[Double?]]
}

/// How the answers to an image change, one curve a column of its measure.
public struct Curves: Hashable, Sendable {
  /// The curves, at evenly spaced positions.
  public var values: [[Double]]

  /// Makes curves.
  public init(_ values: [[Double]]) { self.values = values }

  /// The area under each curve, its length taken as 1: the trapezoid rule.
  public var areas: [Double] {
    values.map { curve in
      guard curve.count > 1 else { return curve.first ?? 0 }
      return zip(curve, curve.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 2 } / Double(curve.count - 1)
    }
  }
}

/// A measure of how maps change with the network.
public protocol NetworkMeasure: Measure {
  /// Networks that have been changed more and more, each named after its last change.
  ///
  /// - Throws: `EspalierError` if the network cannot be changed.
  func stages(of graph: Graph) throws -> [(name: String, graph: Graph)]

  /// How alike two maps of one image are; nil where it is not defined.
  func similarity(_ map: RelevanceMap, _ original: RelevanceMap) -> Double?
}
