import Images
import Tensors

extension StoredImage {
  /// The numbers of an index mask as classes: grey, 1 + class, and 0 for the void and what is transparent.
  ///
  /// The void is 255, or 65535 of a file of 16 bits whose numbers go beyond 255 nowhere else; classes are 0 to 254.
  ///
  /// - Throws: `EspalierError` for colours, larger numbers, or a format that changes values.
  func pixelLabels() throws -> Image {
    guard !isLossy else { throw EspalierError("cannot hold numbers: its format changes values", accepted: "a PNG as index mask") }
    guard channels < 3 else {
      throw EspalierError("has colours, which are no numbers of classes", accepted: "grey values or a palette's indices")
    }
    var pixels = [UInt8](repeating: 0, count: width * height)
    for pixel in pixels.indices {
      let number = Int(samples.elements[pixel * channels])
      let isOpaque = channels == 1 || samples.elements[pixel * channels + 1] > 0
      if !isOpaque || number == 255 || number == 65535 { continue }
      guard number < 255 else {
        throw EspalierError("has a pixel of class \(number)", accepted: "0 to 254, and 255 for none")
      }
      pixels[pixel] = UInt8(number + 1)
    }
    return Image(pixels: Tensor(pixels, shape: [height, width, 1]))
  }
}
