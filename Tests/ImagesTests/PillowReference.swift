import Foundation
import Images
import TestSupport
import Tensors
import Testing

/// What Pillow made of small images; see Resources/make.py.
struct PillowReference: Decodable {
  struct Raster: Decodable {
    var shape: [Int]
    var pixels: Data

    var image: Image { Image(pixels: Tensor([UInt8](pixels), shape: Shape(shape))) }
  }

  struct File: Decodable {
    var name: String
    var file: Data
    var shape: [Int]
    var pixels: Data

    var bytes: [UInt8] { [UInt8](file) }
    var image: Image { Raster(shape: shape, pixels: pixels).image }
  }

  struct Resized: Decodable {
    var source: String
    var method: String
    var shape: [Int]
    var pixels: Data

    var image: Image { Raster(shape: shape, pixels: pixels).image }
  }

  struct Stored: Decodable {
    var name: String
    var file: Data
    var depth: Int
    var samples: [Int]
  }

  var files: [File]
  var stored: [Stored]
  var sources: [String: Raster]
  var resized: [Resized]
  var grey: Raster
  var rgb: Raster
  var composited: Raster

  enum CodingKeys: String, CodingKey {
    case files, stored, sources, resized, grey, rgb
    case composited = "over200,10,77"
  }

  static func load() throws -> PillowReference {
    return try JSONDecoder().decode(PillowReference.self, from: Data(contentsOf: testResource("pillow.json")))
  }

  func file(_ name: String) throws -> [UInt8] { try #require(files.first { $0.name == name }).bytes }

  func source(_ name: String) throws -> Image { try #require(sources[name]).image }
}
