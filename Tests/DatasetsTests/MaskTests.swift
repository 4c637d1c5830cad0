import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite struct MaskTests {
  /// An image of 6×4 whose middle 2×2 is opaque.
  private func cutout(alpha: UInt8 = 255, background: UInt8 = 0) -> Image {
    var pixels = Tensor<UInt8>(repeating: 9, shape: [4, 6, 4])
    for row in 0..<4 {
      for column in 0..<6 { pixels[row, column, 3] = (1...2 ~= row) && (2...3 ~= column) ? alpha : background }
    }
    return Image(pixels: pixels)
  }

  private func bits(_ mask: BitMask?) -> [[Int]]? {
    mask.map { mask in (0..<mask.height).map { row in (0..<mask.width).map { mask[row, $0] ? 1 : 0 } } }
  }

  private let middle = [[0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0]]

  @Test func transparencyIsAMask() throws {
    try withTemporaryFolder { folder in
      for (name, image) in [
        ("a", cutout()), ("b", cutout(background: 255)), ("c", cutout(alpha: 200, background: 90)), ("d", cutout(alpha: 0)),
      ] {
        try Data(image.encodedPNG()).write(to: folder.appendingPathComponent("\(name).png"))
      }
      let data = try ImageFolder.open(folder.path)
      let loader = Loader(data, preprocessing: Preprocessing(), batch: 4, takesMasks: true)
      let masks = try loader.epoch().batch(0).masks
      #expect(masks.count == 4)
      #expect(bits(masks[0]) == middle)
      #expect(masks[1] == nil)
      #expect(bits(masks[2]) == middle)
      #expect(masks[3] == nil)
      #expect(try Loader(data, preprocessing: Preprocessing(), batch: 4).epoch().batch(0).masks.isEmpty)
    }
  }

  /// Masks of 0 and 1 and of 0 and 255, cut and enlarged as their images: twice the size, then 4 of 8 rows and columns.
  @Test(arguments: [UInt8(1), 255], [1, 3]) func masksFollowTheirImages(value: UInt8, channels: Int) throws {
    var pixels = Tensor<UInt8>(repeating: 0, shape: [4, 6, channels])
    for row in 1...2 { for column in 2...3 { for channel in 0..<channels { pixels[row, column, channel] = value } } }
    let preprocessing = Preprocessing(
      resize: .exact(height: 8, width: 12), crop: .init(height: 4, width: 8), channels: 1, mean: [3], deviation: [2])
    let mask = try preprocessing.fittedMask(Image(pixels: pixels))
    // Rows 2 to 5 and columns 2 to 9 of the enlarged image, whose object is rows 2 to 5 and columns 4 to 7.
    #expect(bits(mask) == [[Int]](repeating: [0, 0, 1, 1, 1, 1, 0, 0], count: 4))
    #expect(try preprocessing.fittedMask(Image(width: 6, height: 4, filledWith: [0])) == nil)
  }

  /// The mask of a csv file goes before the image's transparency.
  @Test func masksOfListsComeFirst() throws {
    try withTemporaryFolder { folder in
      try Data(cutout().encodedPNG()).write(to: folder.appendingPathComponent("a.png"))
      var pixels = Tensor<UInt8>(repeating: 0, shape: [4, 6, 1])
      pixels[3, 5, 0] = 255
      try Data(Image(pixels: pixels).encodedPNG()).write(to: folder.appendingPathComponent("mask.png"))
      let list = folder.appendingPathComponent("list.csv")
      try Data("path,label,mask\na.png,0,mask.png\na.png,0,\n".utf8).write(to: list)
      let masks = try Loader(CSV.open(list.path), preprocessing: Preprocessing(), batch: 2, takesMasks: true).epoch().batch(0)
        .masks
      #expect(masks[0].map { $0.count } == 1 && masks[0]?[3, 5] == true)
      #expect(bits(masks[1]) == middle)
    }
  }
}
