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
  public var proof: PruningProof
  /// The kept output channels of every layer that lost some, as places in the network before, by the node's name.
  public var kept: [String: [Int]]
  /// Espalier's version.
  public var espalier: String

  /// The record as JSON.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
