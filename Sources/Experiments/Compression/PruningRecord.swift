import Compression
import Foundation
import Pruning
import Tensors

/// How a pruned network came about, as its file's metadata hold it under ``metadataKey``.
public struct PruningRecord: Sendable, Codable {
  /// The key of the metadata.
  public static let metadataKey = "espalier.pruning"

  /// The criterion with its parameters.
  public var criterion: String
  /// Everything else that the choice depends on, by the option's name.
  public var parameters: [String: String]
  /// What was to be kept.
  public var budget: String
  /// The seeds, by what they are of.
  public var seeds: [String: UInt64]
  /// SHA-256 of the network, the data and the scores, by what they are of.
  public var digests: [String: String]
  /// The greatest difference between the masked and the pruned network, and the scale of its outputs.
  public var proof: EquivalenceProof
  /// The kept output channels of every layer that lost some, as positions in the network before, by the node's name.
  public var kept: [String: [Int]]
  /// The number of output channels that each of these layers had, by the node's name.
  public var filters: [String: Int]
  /// What a reader of the results must know, such as layers that were cut to their floor; nil in files of earlier versions.
  public var notes: [String]?
  /// Espalier's version.
  public var espalier: String

  /// The record of a network's metadata; nil where there is none.
  ///
  /// - Throws: `EspalierError` if it is damaged.
  public init?(_ metadata: [String: String]) throws {
    guard let text = metadata[PruningRecord.metadataKey] else { return nil }
    guard let record = try? JSONDecoder().decode(PruningRecord.self, from: Data(text.utf8)) else {
      throw EspalierError("it is damaged", location: "metadata \(PruningRecord.metadataKey)")
    }
    self = record
  }

  init(
    criterion: String, parameters: [String: String], budget: String, seeds: [String: UInt64], digests: [String: String],
    proof: EquivalenceProof, kept: [String: [Int]], filters: [String: Int], notes: [String], espalier: String
  ) {
    self.criterion = criterion
    self.parameters = parameters
    self.budget = budget
    self.seeds = seeds
    self.digests = digests
    self.proof = proof
    self.kept = kept
    self.filters = filters
    self.notes = notes
    self.espalier = espalier
  }

  /// The record as JSON.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
