import Foundation
import Images
import Plotting
import TestSupport
import Tensors
import Testing

/// Every kind of figure at the widths of a column and a page, light and dark, beside small images that a person has looked at.
///
/// Images are 60 pixels to the inch, four a file, side by side; `Resources/renew-reference-images` makes them anew. They are compared as
/// means over squares of five pixels: how a font is rasterised changes these little, a text or mark that has moved much.
@Suite struct ReferenceImageTests {
  private static let reduction = 3
  private static let pixelsPerInch = 60.0
  private static let window = 5
  /// What a mean over a window may differ by, of 255: letters that are there or not make about 60.
  private static let tolerance = 20.0

  private static let settings: [(width: Double, theme: Theme)] = [(85, .light), (85, .dark), (178, .light), (178, .dark)]

  /// The first page in a setting, reduced.
  private static func image(_ figure: any Figure, _ width: Double, _ theme: Theme) throws -> Image {
    var style = FigureStyle()
    style.width = FigureStyle.points(millimetres: width)
    style.theme = theme
    style.pixelsPerInch = pixelsPerInch * Double(reduction)
    let whole = try Image.decode(figure.encoded(as: .png, style: style)[0]).rgb
    let (height, width) = (whole.height / reduction, whole.width / reduction)
    let elements = whole.pixels.elements
    var pixels = [UInt8](repeating: 0, count: height * width * 3)
    for position in pixels.indices {
      let (y, x, channel) = (position / (3 * width), position / 3 % width, position % 3)
      var sum = 0
      for row in y * reduction..<(y + 1) * reduction {
        for column in x * reduction..<(x + 1) * reduction { sum += Int(elements[(row * whole.width + column) * 3 + channel]) }
      }
      pixels[position] = UInt8(sum / (reduction * reduction))
    }
    return Image(pixels: Tensor(pixels, shape: [height, width, 3]))
  }

  /// Images side by side, on grey where they are not as high as the highest.
  private static func sheet(_ images: [Image]) -> Image {
    let height = images.map(\.height).max() ?? 0
    var pixels: [UInt8] = []
    for y in 0..<height {
      for image in images {
        let row = 3 * image.width
        pixels +=
          y < image.height ? image.pixels.elements[y * row..<(y + 1) * row] : [UInt8](repeating: 128, count: row)[...]
      }
    }
    return Image(pixels: Tensor(pixels, shape: [height, images.map(\.width).reduce(0, +), 3]))
  }

  /// The greatest difference between two images' means over windows, and where it is.
  static func difference(_ a: Image, _ b: Image) -> (value: Double, x: Int, y: Int) {
    var worst = (value: 0.0, x: 0, y: 0)
    let (first, second) = (a.pixels.elements, b.pixels.elements)
    for channel in 0..<3 {
      // Sums over all above and left of a position.
      var sums = [Double](repeating: 0, count: (a.height + 1) * (a.width + 1))
      let stride = a.width + 1
      for y in 0..<a.height {
        for x in 0..<a.width {
          let place = (y * a.width + x) * 3 + channel
          let here = Double(first[place]) - Double(second[place])
          sums[(y + 1) * stride + x + 1] = here + sums[y * stride + x + 1] + sums[(y + 1) * stride + x] - sums[y * stride + x]
        }
      }
      for y in 0...max(0, a.height - window) {
        for x in 0...max(0, a.width - window) {
          let (bottom, right) = (min(y + window, a.height), min(x + window, a.width))
          let sum = sums[bottom * stride + right] - sums[y * stride + right] - sums[bottom * stride + x] + sums[y * stride + x]
          let mean = abs(sum) / Double((bottom - y) * (right - x))
          if mean > worst.value { worst = (mean, x, y) }
        }
      }
    }
    return worst
  }

  @Test(arguments: FigureSamples.named.map(\.key)) func figuresLookAsTheyDid(_ name: String) throws {
    let figure = try #require(FigureSamples.named.first { $0.key == name }).value
    let own = Self.sheet(try Self.settings.map { try Self.image(figure, $0.width, $0.theme) })
    if let folder = ProcessInfo.processInfo.environment["ESPALIER_REFERENCE_IMAGES"] {
      try own.encodedPNG().withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: "\(folder)/\(name).png")) }
      return
    }
    let known = try Image.read(testResource("reference-images/\(name).png").path).rgb
    try #require(
      known.width == own.width && known.height == own.height, "\(own.width)×\(own.height), was \(known.width)×\(known.height)")
    let (value, x, y) = Self.difference(own, known)
    #expect(value <= Self.tolerance, "\(name): \(value) at \(x), \(y)")
  }

  /// A legend that moves by two millimetres, a curve in another colour, and a title that is missing are seen.
  @Test func whatMovesIsSeen() throws {
    let before = try Self.image(FigureSamples.curves(5, title: "Title"), 85, .light)
    var moved = [Image]()
    moved.append(try Self.image(FigureSamples.curves(5), 85, .light))
    moved.append(try Self.image(FigureSamples.curves(4, title: "Title"), 85, .light))
    // The lower half, five pixels to the right.
    var shifted = before.pixels
    for y in before.height / 2..<before.height {
      for x in (5..<before.width).reversed() { for c in 0..<3 { shifted[y, x, c] = before.pixels[y, x - 5, c] } }
    }
    moved.append(Image(pixels: shifted))
    for other in moved where other.height == before.height {
      #expect(Self.difference(before, other).value > 1.5 * Self.tolerance)
    }
    #expect(Self.difference(before, before).value == 0)
  }
}
