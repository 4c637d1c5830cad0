import Analysis
import Networks
import Tensors

/// A number for every filter that needs images, and more of the network than one site at a time: which layers read a filter, and
/// which filters go together.
///
/// What a single site yields is a statistic, and a line in `ScoreCatalog`.
public protocol DataCriterion: Sendable {
  /// The name by which it is asked for, with dashes.
  static var name: String { get }
  /// One line for people: what it is, with its source.
  static var summary: String { get }

  /// Whether its scores are comparable between layers as they are.
  static var isComparable: Bool { get }

  /// Takes its parameters out of a list.
  ///
  /// - Throws: `EspalierError` naming a parameter that does not fit.
  init(_ parameters: inout ParameterList) throws

  /// Whether it is of the loss, which needs labels.
  var isOfLoss: Bool { get }

  /// The scores of layers, by their names.
  ///
  /// - Throws: `EspalierError` if images cannot be read or the network cannot be run.
  func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores
}

extension DataCriterion {
  public static var isComparable: Bool { false }
  public var isOfLoss: Bool { false }
}

/// A criterion with surgery: the filters that stay take over what those that go did.
public protocol FusingCriterion: Sendable {
  /// What the survivors take over.
  ///
  /// - Parameters:
  ///   - removed: the classes of channels that go.
  ///   - images: the images that scores were made from; nil for a criterion of weights.
  /// - Throws: `EspalierError` if images cannot be read or the network cannot be run.
  func fusion(of removed: Set<Int>, _ network: ScoredNetwork, _ images: CriterionImages?) throws -> ChannelFusion
}

/// Whether surgery is made: the parameter `fuse` of criteria that have one.
enum Fuse: String, CaseIterable, Sendable {
  case yes, no
}
