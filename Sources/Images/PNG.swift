internal import CPNG
import Foundation
import Tensors

/// PNG by libpng.
enum PNG {
  /// The first bytes of every PNG file.
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Deflate cannot pack more than this many bytes into one, so a larger image cannot be in the file.
  private static let largestDeflation = 1032

  static func decode(_ bytes: [UInt8]) throws -> Image {
    var header = try header(bytes, stored: false)
    let shape = try imageShape(width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
    let pixels = try samples(bytes, stored: false, count: shape.count, &header)
    return Image(pixels: Tensor(pixels, shape: shape))
  }

  /// The samples as the file stores them: indices into a palette, unscaled values of 1 to 16 bits.
  static func decodeStored(_ bytes: [UInt8]) throws -> StoredImage {
    var header = try header(bytes, stored: true)
    let shape = try imageShape(width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
    let isWide = header.depth == 16
    let raw = try samples(bytes, stored: true, count: isWide ? 2 * shape.count : shape.count, &header)
    let values =
      isWide ? raw.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) } : raw.map { UInt16($0) }
    let colors = Int(header.colors)
    let palette = withUnsafeBytes(of: header.palette) { Array($0.prefix(3 * colors)) }
    let alphas = withUnsafeBytes(of: header.alphas) { Array($0.prefix(colors)) }
    return StoredImage(
      samples: Tensor(values, shape: shape), depth: Int(header.depth),
      palette: colors == 0
        ? nil : (0..<colors).map { .init(palette[3 * $0], palette[3 * $0 + 1], palette[3 * $0 + 2], alphas[$0]) },
      hasTransparentColor: header.hasTransparentColor != 0, isLossy: false)
  }

  private static func header(_ bytes: [UInt8], stored: Bool) throws -> EspalierPNGHeader {
    var header = EspalierPNGHeader()
    guard espalier_png_decode(bytes, bytes.count, stored ? 1 : 0, &header, nil, 0) != 0 else { throw failure(header) }
    let (size, overflow) = header.storedRowBytes.multipliedReportingOverflow(by: Int(header.height))
    _ = try imageShape(width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
    guard !overflow, size / largestDeflation <= bytes.count else {
      throw EspalierError("damaged PNG: \(bytes.count) bytes cannot hold \(header.width)×\(header.height) pixels")
    }
    return header
  }

  private static func samples(_ bytes: [UInt8], stored: Bool, count size: Int, _ header: inout EspalierPNGHeader) throws
    -> [UInt8]
  {
    var isWhole = false
    let samples = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      isWhole = espalier_png_decode(bytes, bytes.count, stored ? 1 : 0, &header, buffer.baseAddress, buffer.count) != 0
      count = isWhole ? size : 0
    }
    guard isWhole else { throw failure(header) }
    return samples
  }

  static func encode(_ image: Image) throws -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, channels: image.channels, palette: nil)
  }

  static func encode(_ image: IndexedImage) throws -> [UInt8] {
    try encode(image.indices, width: image.width, height: image.height, channels: 1, palette: image.palette)
  }

  private static func encode(
    _ pixels: Tensor<UInt8>, width: Int, height: Int, channels: Int, palette: Tensor<UInt8>?
  ) throws -> [UInt8] {
    guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height) else {
      throw EspalierError("\(width)×\(height) pixels do not fit a PNG file", accepted: "at most 2^31 − 1 in each direction")
    }
    var sink = EspalierPNGSink()
    let colors = Int32(palette?.shape[0] ?? 0)
    guard espalier_png_encode(pixels.elements, columns, rows, Int32(channels), palette?.elements, colors, &sink) != 0 else {
      throw EspalierError("libpng could not encode \(width)×\(height) pixels: \(text(sink.message))")
    }
    defer { free(sink.bytes) }
    return Array(UnsafeBufferPointer(start: sink.bytes, count: sink.count))
  }

  private static func failure(_ header: EspalierPNGHeader) -> EspalierError {
    EspalierError("damaged PNG: \(text(header.message))")
  }

  /// The text in one of the shim's fixed arrays, which Swift sees as a tuple.
  private static func text<Message>(_ message: Message) -> String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// The shape [H, W, C] of an image described by a file's header.
///
/// - Throws: `EspalierError` if a length is not positive or there are more than ``Image/largestPixelCount`` pixels.
func imageShape(width: Int, height: Int, channels: Int) throws -> Shape {
  let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
  guard width > 0, height > 0, !overflow, pixels <= Image.largestPixelCount else {
    throw EspalierError(
      "an image of \(width)×\(height) pixels is refused",
      accepted: "1 to \(Image.largestPixelCount) pixels; the environment variable \(Image.limitVariable) sets another limit")
  }
  return [height, width, channels]
}
