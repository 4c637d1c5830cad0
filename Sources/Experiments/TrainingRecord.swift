import Foundation

/// How a network was trained, as its file says it: a JSON object in the metadata.
struct TrainingRecord: Codable, Equatable {
  static let metadataKey = "espalier.training"

  var settings: String
  var data: String
  var dataDigest: String
  var augmentation: String
  /// The epoch after which the network was like this, from 1.
  var epoch: Int?
  /// The file that training started from, and its SHA-256; nil for a new network.
  var network: String?
  var networkDigest: String?
  var espalier: String
  /// The record of the network that training started from, if it has one.
  var before: [TrainingRecord]?

  private enum CodingKeys: String, CodingKey {
    case settings, data, dataDigest = "data_sha256", augmentation, epoch, network, networkDigest = "network_sha256", espalier,
      before
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension TrainingRecord {
  /// The record in a file's metadata; nil if it is none.
  init?(json: String) {
    guard let record = try? JSONDecoder().decode(TrainingRecord.self, from: Data(json.utf8)) else { return nil }
    self = record
  }
}
