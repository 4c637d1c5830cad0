import Datasets
import Tensors

/// How well the channels of a site fit concepts.
public struct DissectionResult: Sendable, Equatable {
  /// IoU over the data set, `[channels, concepts]`, 0 … 1.
  public var overlap: Tensor<Float>
  /// The activation above which a channel counts as firing, `[channels]`.
  public var thresholds: Tensor<Float>
  /// Votes for all concepts, `[channels]`.
  public var votes: Tensor<Double>
  /// Votes for each concept, `[channels, concepts]`.
  public var votesByConcept: Tensor<Double>
  /// The number of images.
  public var images: Int

  /// Makes a result.
  public init(
    overlap: Tensor<Float>, thresholds: Tensor<Float>, votes: Tensor<Double>, votesByConcept: Tensor<Double>, images: Int
  ) {
    self.overlap = overlap
    self.thresholds = thresholds
    self.votes = votes
    self.votesByConcept = votesByConcept
    self.images = images
  }

  /// The IoU above which a channel counts as a detector of a concept, in Network Dissection.
  public static let detection: Float = 0.04

  /// The concept that a channel fits best, the first of equals, and its IoU; nil where no concept overlaps at all.
  public func best(_ channel: Int) -> (concept: Int, overlap: Float)? {
    let concepts = overlap.shape[1]
    let row = overlap.elements[channel * concepts..<(channel + 1) * concepts]
    guard let most = row.max(), most > 0, let position = row.firstIndex(of: most) else { return nil }
    return (position - row.startIndex, most)
  }

  /// The channels that detect a concept: whose best IoU is above ``detection``.
  public var detectors: [Int] { (0..<overlap.shape[0]).filter { (best($0)?.overlap ?? 0) > DissectionResult.detection } }
}
