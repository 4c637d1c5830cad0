import Tensors

extension Image {
  /// The picture as three channels: grey is repeated, alpha is dropped without blending (Pillow's `convert("RGB")`, which is
  /// what torchvision's loaders do).
  public var rgb: Image {
    switch channels {
    case 3: self
    case 4: mapPixels(channels: 3) { pixel, result in result.append(contentsOf: pixel.prefix(3)) }
    default: mapPixels(channels: 3) { pixel, result in result.append(contentsOf: repeatElement(pixel.first!, count: 3)) }
    }
  }

  /// The picture as one channel, alpha dropped: luma by ITU-R 601-2, (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶ rounded down
  /// (Pillow's mode L).
  public var grey: Image {
    switch channels {
    case 1: self
    case 2: mapPixels(channels: 1) { pixel, result in result.append(pixel.first!) }
    default:
      mapPixels(channels: 1) { pixel, result in
        let start = pixel.startIndex
        let luma = 19595 * Int(pixel[start]) + 38470 * Int(pixel[start + 1]) + 7471 * Int(pixel[start + 2])
        result.append(UInt8((luma + 0x8000) >> 16))
      }
    }
  }

  /// The picture laid over one colour, which must have as many channels as the picture has beside alpha; without alpha the
  /// picture itself.
  ///
  /// Each channel is (a·c + (255 − a)·b) / 255, rounded, as Pillow's `paste` with a mask does it.
  public func composited(over background: [UInt8]) -> Image {
    guard hasAlpha else { return self }
    precondition(background.count == channels - 1, "a background of \(background.count) channels under \(channels - 1)")
    return mapPixels(channels: channels - 1) { pixel, result in
      let alpha = Int(pixel.last!)
      for (color, behind) in zip(pixel, background) {
        result.append(dividedBy255(Int(color) * alpha + Int(behind) * (255 - alpha)))
      }
    }
  }

  /// The picture laid over white; without alpha the picture itself.
  public var overWhite: Image { composited(over: [UInt8](repeating: 255, count: channels - 1)) }

  /// Colours multiplied by alpha, as they must be while pixels are mixed.
  var premultiplied: Image {
    mapPixels(channels: channels) { pixel, result in
      let alpha = pixel.last!
      for color in pixel.dropLast() { result.append(dividedBy255(Int(color) * Int(alpha))) }
      result.append(alpha)
    }
  }

  /// The reverse of ``premultiplied``, up to rounding; a colour of alpha 0 stays as it is.
  var unpremultiplied: Image {
    mapPixels(channels: channels) { pixel, result in
      let alpha = Int(pixel.last!)
      for color in pixel.dropLast() { result.append(alpha == 0 ? color : UInt8(min(255, 255 * Int(color) / alpha))) }
      result.append(UInt8(alpha))
    }
  }

  private func mapPixels(channels count: Int, _ body: (ArraySlice<UInt8>, inout [UInt8]) -> Void) -> Image {
    var elements: [UInt8] = []
    elements.reserveCapacity(width * height * count)
    for start in stride(from: 0, to: pixels.count, by: channels) {
      body(pixels.elements[start..<start + channels], &elements)
    }
    return Image(pixels: Tensor(elements, shape: [height, width, count]))
  }
}

/// A product of two bytes, or a blend that sums to one, divided by 255 and rounded.
func dividedBy255(_ value: Int) -> UInt8 {
  let shifted = value + 128
  return UInt8((shifted + shifted >> 8) >> 8)
}
