import Tensors

extension Image {
  /// The image as three channels: grey is repeated, alpha is dropped without blending (Pillow's `convert("RGB")`, which is
  /// what torchvision's loaders do).
  public var rgb: Image {
    if channels == 3 { return self }
    let (green, blue) = channels == 4 ? (1, 2) : (0, 0)
    return mapPixels(channels: 3) { pixel, result in
      (result[0], result[1], result[2]) = (pixel[0], pixel[green], pixel[blue])
    }
  }

  /// The image as one channel, alpha dropped: luma by ITU-R 601-2, (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶ rounded down
  /// (Pillow's mode L).
  public var grey: Image {
    switch channels {
    case 1: self
    case 2: mapPixels(channels: 1) { pixel, result in result[0] = pixel[0] }
    default:
      mapPixels(channels: 1) { pixel, result in
        let luma = 19595 * Int(pixel[0]) + 38470 * Int(pixel[1]) + 7471 * Int(pixel[2])
        result[0] = UInt8((luma + 0x8000) >> 16)
      }
    }
  }

  /// The image laid over one colour, which must have as many channels as the image has beside alpha; without alpha the
  /// image itself.
  ///
  /// Each channel is (a·c + (255 − a)·b) / 255, rounded, as Pillow's `paste` with a mask does it.
  public func composited(over background: [UInt8]) -> Image {
    guard hasAlpha else { return self }
    let colors = channels - 1
    precondition(background.count == colors, "a background of \(background.count) channels under \(colors)")
    return mapPixels(channels: colors) { pixel, result in
      let alpha = Int(pixel[colors])
      for i in 0..<colors { result[i] = dividedBy255(Int(pixel[i]) * alpha + Int(background[i]) * (255 - alpha)) }
    }
  }

  /// The image laid over white; without alpha the image itself.
  public var overWhite: Image { composited(over: [UInt8](repeating: 255, count: hasAlpha ? channels - 1 : 0)) }

  /// Colours multiplied by alpha, as they must be while pixels are mixed.
  var premultiplied: Image {
    let colors = channels - 1
    return mapPixels(channels: channels) { pixel, result in
      for i in 0..<colors { result[i] = dividedBy255(Int(pixel[i]) * Int(pixel[colors])) }
      result[colors] = pixel[colors]
    }
  }

  /// The reverse of ``premultiplied``, up to rounding; a colour of alpha 0 stays as it is.
  var unpremultiplied: Image {
    let colors = channels - 1
    return mapPixels(channels: channels) { pixel, result in
      let alpha = Int(pixel[colors])
      for i in 0..<colors { result[i] = alpha == 0 ? pixel[i] : UInt8(min(255, 255 * Int(pixel[i]) / alpha)) }
      result[colors] = pixel[colors]
    }
  }

  /// Makes an image of as many pixels, each by `body` from the channels of one to the channels of the other.
  private func mapPixels(
    channels count: Int, _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void
  ) -> Image {
    let area = width * height
    let elements = [UInt8](unsafeUninitializedCapacity: area * count) { buffer, initialized in
      pixels.elements.withUnsafeBufferPointer { source in
        guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
        for i in 0..<area { body(from + i * channels, to + i * count) }
      }
      initialized = area * count
    }
    return Image(pixels: Tensor(elements, shape: [height, width, count]))
  }
}

/// A product of two bytes, or a blend that sums to one, divided by 255 and rounded.
func dividedBy255(_ value: Int) -> UInt8 {
  let shifted = value + 128
  return UInt8((shifted + shifted >> 8) >> 8)
}
