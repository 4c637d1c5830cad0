import Datasets

/// What a dissection takes for granted.
public struct DissectionSettings: Hashable, Sendable {
  /// The concepts.
  public var vocabulary: ConceptVocabulary
  /// The share of a layer's channels that get a vote on each image and concept, 0 … 1; at least one channel does.
  public var voteShare: Double

  /// Makes settings.
  public init(vocabulary: ConceptVocabulary, voteShare: Double = 0.1) {
    self.vocabulary = vocabulary
    self.voteShare = voteShare
  }
}
