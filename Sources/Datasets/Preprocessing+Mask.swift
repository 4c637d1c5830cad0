import Images
import Tensors

extension Preprocessing {
  /// The pixels of the network's input that show the object of a mask; nil if the mask marks nothing.
  ///
  /// The mask is cut and resized as its image is, each new pixel as the one under its centre. It marks what is brighter than
  /// half its brightest pixel, so that masks of 0 and 1, of 0 and 255, and soft edges all do; transparent pixels mark nothing.
  ///
  /// - Throws: `EspalierError` as ``fitted(_:interpolation:)``.
  public func fittedMask(_ mask: Image) throws -> BitMask? {
    let opaque = mask.hasAlpha ? mask.composited(over: [UInt8](repeating: 0, count: mask.channels - 1)) : mask
    let brightest = opaque.grey.pixels.elements.max() ?? 0
    let fitted = try fitted(opaque.grey, interpolation: .nearest)
    var bits = BitMask(height: fitted.height, width: fitted.width)
    for row in 0..<fitted.height {
      for column in 0..<fitted.width {
        let value = fitted.pixels.elements[(row * fitted.width + column) * fitted.channels]
        if 2 * Int(value) > Int(brightest) { bits[row, column] = true }
      }
    }
    return bits.count == 0 ? nil : bits
  }
}

extension Image {
  /// The alpha channel as a grey image; nil without one, or if nothing is transparent.
  public var alphaMask: Image? {
    guard hasAlpha else { return nil }
    let alpha = stride(from: channels - 1, to: pixels.count, by: channels).map { pixels.elements[$0] }
    return alpha.allSatisfy { $0 == 255 } ? nil : Image(pixels: Tensor(alpha, shape: [height, width, 1]))
  }
}
