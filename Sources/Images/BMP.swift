import Tensors

/// Windows bitmaps without compression: 1, 4 or 8 bits with a palette, 24 bits, and 32 bits whose fourth byte is not read, as by
/// Pillow.
enum BMP {
  static func isSigned(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("BM".utf8)) }

  /// RGB, or one channel where a palette holds greys alone.
  static func decode(_ bytes: [UInt8]) throws -> Image {
    func number(_ start: Int, _ count: Int) throws -> Int {
      guard start >= 0, start + count <= bytes.count else { throw EspalierError("damaged BMP: it ends within its header") }
      return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
    }
    let start = try number(10, 4)
    let headerSize = try number(14, 4)
    guard [40, 52, 56, 108, 124].contains(headerSize) else {
      throw EspalierError("is a BMP with a header of \(headerSize) bytes", accepted: "40, 52, 56, 108 or 124 bytes")
    }
    let width = Int(Int32(truncatingIfNeeded: try number(18, 4)))
    let rows = Int(Int32(truncatingIfNeeded: try number(22, 4)))
    let bits = try number(28, 2)
    let compression = try number(30, 4)
    guard compression == 0, [1, 4, 8, 24, 32].contains(bits) else {
      throw EspalierError(
        "is a BMP of \(bits) bits with compression \(compression)", accepted: "1, 4, 8, 24 or 32 bits without compression")
    }
    let height = abs(rows)
    _ = try imageShape(width: width, height: height, channels: 3)
    let stride = (width * bits + 31) / 32 * 4
    guard start + stride * height <= bytes.count else {
      throw EspalierError("damaged BMP: \(bytes.count) bytes cannot hold \(width)×\(height) pixels")
    }
    let palette = bits <= 8 ? try palette(at: 14 + headerSize, bits: bits, number) : []
    let isGrey = bits <= 8 && palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
    let channels = isGrey ? 1 : 3
    var elements = [UInt8](repeating: 0, count: width * height * channels)
    for row in 0..<height {
      let line = start + stride * (rows < 0 ? row : height - 1 - row)
      for column in 0..<width {
        let target = (row * width + column) * channels
        if bits > 8 {
          let source = line + column * bits / 8
          for channel in 0..<3 { elements[target + channel] = bytes[source + 2 - channel] }
        } else {
          let byte = Int(bytes[line + column * bits / 8])
          let index = byte >> (8 - bits - column * bits % 8) & (1 << bits - 1)
          guard index < palette.count else { throw EspalierError("damaged BMP: colour \(index) of \(palette.count)") }
          for channel in 0..<channels { elements[target + channel] = palette[index][channel] }
        }
      }
    }
    return Image(pixels: Tensor(elements, shape: [height, width, channels]))
  }

  /// The colours, red, green, blue.
  private static func palette(at start: Int, bits: Int, _ number: (Int, Int) throws -> Int) throws -> [[UInt8]] {
    let stated = try number(46, 4)
    let count = stated == 0 ? 1 << bits : stated
    guard count <= 1 << bits else { throw EspalierError("damaged BMP: \(count) colours of \(bits) bits") }
    return try (0..<count).map { index in
      let color = try number(start + 4 * index, 4)
      return [UInt8(color >> 16 & 255), UInt8(color >> 8 & 255), UInt8(color & 255)]
    }
  }
}
