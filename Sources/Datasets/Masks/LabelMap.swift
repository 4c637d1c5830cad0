import Foundation
import Images
import Tensors

/// A map of labels in a file, as an image whose pixels change their geometry by nearest neighbour and still tell their labels.
///
/// A key tells values and colours of several files apart: red · 65536 + green · 256 + blue of a colour, the grey of a value up to
/// 255, and 2²⁴ + value above.
struct LabelMap {
  /// The pixels: greys or colours of 8 bits; of a 16-bit file the low byte, the high byte and 0.
  let image: Image
  private let isWide: Bool

  /// Reads a map.
  ///
  /// - Parameter prefersIndices: whether the indices of a palette with colours are the labels, rather than its colours.
  /// - Throws: `EspalierError` if it cannot be read, has transparency or colours of 16 bits.
  init(_ path: String, prefersIndices: Bool) throws {
    let stored = try StoredImage.read(path)
    let isTransparent =
      stored.channels % 2 == 0 || stored.hasTransparentColor || stored.palette?.contains { $0.alpha != 255 } == true
    guard !isTransparent else { throw EspalierError("has transparency, which has no label", accepted: "opaque pixels") }
    isWide = stored.depth == 16
    if isWide {
      guard stored.channels == 1 else {
        throw EspalierError("is a map of 16-bit colours", accepted: "8-bit colours, or 8 or 16 bits of grey")
      }
      image = Image(
        pixels: Tensor(
          stored.samples.elements.flatMap { [UInt8($0 & 255), UInt8($0 >> 8), 0] }, shape: [stored.height, stored.width, 3]))
    } else if prefersIndices, let palette = stored.palette, palette.contains(where: { !$0.isGrey }) {
      image = Image(
        pixels: Tensor(stored.samples.elements.map { UInt8($0) }, shape: [stored.height, stored.width, 1]))
    } else {
      image = try Image.read(path)
    }
  }

  /// The key of a value.
  static func key(ofValue value: Int) -> Int { value <= 255 ? value * 0x01_01_01 : 1 << 24 + value }

  /// Whether a key stands for a value, or a grey.
  static func isValue(_ key: Int) -> Bool { key >= 1 << 24 || key == (key & 255) * 0x01_01_01 }

  /// What a key stands for, for messages.
  static func text(_ key: Int) -> String {
    if key >= 1 << 24 { return "value \(key - 1 << 24)" }
    return isValue(key) ? "value \(key & 255)" : String(format: "colour #%06X", key)
  }

  /// The key of a pixel of ``image`` as three channels.
  func key(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
    isWide ? LabelMap.key(ofValue: Int(red) + 256 * Int(green)) : Int(red) << 16 | Int(green) << 8 | Int(blue)
  }

  /// Whether a key that nothing names stands for no label: 0 and the void.
  func isNothing(_ key: Int) -> Bool {
    [0, LabelMap.key(ofValue: 255), 0xE0_E0_C0].contains(key) || isWide && key == LabelMap.key(ofValue: 65535)
  }
}
