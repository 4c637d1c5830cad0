import Files
import Foundation
import Tensors

/// How much accuracy a network loses when single layers lose filters: the result of `sensitivity`, and its file's content.
public struct SensitivityReport: Sendable, Codable, Equatable {
  /// What is left when some filters of a layer, and of those coupled with it, are gone.
  public struct Point: Sendable, Codable, Equatable {
    /// The share of filters that was asked for, 0 … 1.
    public var share: Double
    /// The filters that went.
    public var removed: Int
    /// The share of images that the network gets right, 0 … 1.
    public var accuracy: Double
    /// The mean cross-entropy.
    public var loss: Double
    /// The MACs left.
    public var macs: Int
  }

  /// A layer, or several whose filters go together.
  public struct Layer: Sendable, Codable, Equatable {
    /// The first layer's name, and how many more there are.
    public var name: String
    /// All of their names.
    public var layers: [String]
    /// The filters of one of them that may go together with the others'.
    public var filters: Int
    /// By rising share.
    public var points: [Point]
  }

  /// The network's file and its SHA-256.
  public var model: String, digest: String
  /// The criterion and its parameters.
  public var criterion: String
  /// The images of the accuracy, and how many.
  public var data: String, images: Int
  /// With all filters.
  public var accuracy: Double, loss: Double, macs: Int
  /// In execution order.
  public var layers: [Layer]
  /// The version that computed it.
  public var espalier: String

  private enum CodingKeys: String, CodingKey {
    case model, digest, criterion, data, images = "pictures", accuracy, loss, macs, layers, espalier
  }

  /// Reads a file.
  ///
  /// - Throws: `EspalierError` naming it.
  public init(file path: String) throws {
    let bytes = try RegularFile.mapped(path)
    do { self = try JSONDecoder().decode(SensitivityReport.self, from: bytes) } catch {
      throw EspalierError("it holds no sweep", file: path, accepted: "a file that espalier sensitivity wrote")
    }
    for (name, share) in [("accuracy", accuracy)]
      + layers.flatMap({ $0.points.flatMap { [("share", $0.share), ("accuracy", $0.accuracy)] } })
    where !(0...1 ~= share) {
      throw EspalierError("holds \(share) as \(name)", file: path, accepted: "0 to 1")
    }
  }

  init(
    model: String, digest: String, criterion: String, data: String, images: Int, accuracy: Double, loss: Double, macs: Int,
    espalier: String
  ) {
    self.model = model
    self.digest = digest
    self.criterion = criterion
    self.data = data
    self.images = images
    self.accuracy = accuracy
    self.loss = loss
    self.macs = macs
    layers = []
    self.espalier = espalier
  }

  var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self)
    }
  }
}
