internal import CWebP
import Tensors

/// WebP by libwebp.
enum WebP {
  /// Whether bytes begin as a WebP file does: `RIFF`, a length, `WEBP`.
  static func isSigned(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 12 && bytes.starts(with: Array("RIFF".utf8)) && bytes[8..<12].elementsEqual("WEBP".utf8)
  }

  /// RGB, or RGBA where the file has transparency.
  static func decode(_ bytes: [UInt8]) throws -> Image {
    var features = WebPBitstreamFeatures()
    guard WebPGetFeatures(bytes, bytes.count, &features) == VP8_STATUS_OK else {
      throw EspalierError("damaged WebP: its header cannot be read")
    }
    guard features.has_animation == 0 else { throw EspalierError("is an animation", accepted: "a WebP file of one image") }
    let channels = features.has_alpha == 0 ? 3 : 4
    let shape = try imageShape(width: Int(features.width), height: Int(features.height), channels: channels)
    let stride = features.width * Int32(channels)
    var isWhole = false
    let pixels = [UInt8](unsafeUninitializedCapacity: shape.count) { buffer, count in
      let decode = channels == 3 ? WebPDecodeRGBInto : WebPDecodeRGBAInto
      isWhole = decode(bytes, bytes.count, buffer.baseAddress, buffer.count, stride) != nil
      count = isWhole ? shape.count : 0
    }
    guard isWhole else { throw EspalierError("damaged WebP: it cannot be decoded, or ends too early") }
    return Image(pixels: Tensor(pixels, shape: shape))
  }
}
