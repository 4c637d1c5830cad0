import Images
import Tensors
import Testing

@Suite struct ResizeTests {
  @Test func everySizeAndMethodEqualsPillow() throws {
    let reference = try PillowReference.load()
    #expect(reference.resized.count > 60)
    for expected in reference.resized {
      let method = try #require(Interpolation(rawValue: expected.method))
      let target = expected.image
      let image = try reference.source(expected.source).resized(width: target.width, height: target.height, method: method)
      #expect(image == target, "\(expected.source) to \(target.pixels.shape), \(method)")
    }
  }

  /// Sizes computed from torchvision's rule `int(size * long / short)`.
  @Test func shortSideKeepsTheShape() {
    func check(_ size: Int, _ width: Int, _ height: Int, _ expected: (Int, Int)) {
      #expect(Image.size(shortSide: size, width: width, height: height) == expected)
    }
    check(256, 500, 375, (341, 256))
    check(256, 375, 500, (256, 341))
    check(256, 256, 256, (256, 256))
    check(232, 333, 500, (232, 348))
    check(3, 1, 7, (3, 21))
  }

  @Test func centerCropRoundsHalfToEven() {
    func start(_ length: Int, _ crop: Int) -> Int { Image.centerCrop(width: crop, height: crop, of: (length, length)).x }
    #expect(start(341, 224) == 58, "58.5 rounds down to even")
    #expect(start(343, 224) == 60, "59.5 rounds up to even")
    #expect(start(256, 224) == 16)
    #expect(start(224, 224) == 0)
    #expect(start(5, 8) == -1, "one row of padding above, two below")
  }

  @Test func cropsPadWithZero() {
    let image = Image(pixels: Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3, 1]))
    #expect(image.centerCropped(width: 2, height: 5).pixels.elements == [0, 0, 1, 2, 4, 5, 0, 0, 0, 0])
    #expect(image.cropped(to: PixelRectangle(x: 2, y: 1, width: 2, height: 1)).pixels.elements == [6, 0])
    #expect(image.cropped(to: PixelRectangle(x: 9, y: -9, width: 1, height: 2)).pixels.elements == [0, 0])
  }

  @Test func coloursConvertAsInPillow() throws {
    let reference = try PillowReference.load()
    #expect(try reference.source("rgb").grey == reference.grey.image)
    #expect(try reference.source("rgba").rgb == reference.rgb.image)
    #expect(try reference.source("rgba").composited(over: [200, 10, 77]) == reference.composited.image)
    let grey = try reference.source("grey")
    #expect(grey.rgb.grey == grey)
    #expect(grey.grey == grey)
  }

  /// Against the definition of align_corners=False in Double: centre (i + ½)·old/new − ½, clamped to the outer centres.
  @Test func mapsAreUpsampledBetweenHalfPixelCentres() {
    let map = Tensor<Float>((0..<12).map { Float(($0 * 7) % 5) - 1.5 }, shape: [3, 4])
    for (height, width) in [(7, 9), (6, 8), (2, 3), (3, 4), (1, 1), (28, 5)] {
      let result = map.resizedBilinearly(height: height, width: width)
      #expect(result.shape == [height, width])
      for y in 0..<height {
        for x in 0..<width {
          let v = min(2, max(0, (Double(y) + 0.5) * 3 / Double(height) - 0.5))
          let u = min(3, max(0, (Double(x) + 0.5) * 4 / Double(width) - 0.5))
          var expected = 0.0
          for row in 0..<3 {
            for column in 0..<4 {
              expected += max(0, 1 - abs(v - Double(row))) * max(0, 1 - abs(u - Double(column))) * Double(map[row, column])
            }
          }
          #expect(abs(Double(result[y, x]) - expected) < 1e-5, "\(height)×\(width) at \(y), \(x)")
        }
      }
    }
  }
}
