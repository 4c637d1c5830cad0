import Images
import Tensors

extension Image {
  /// The image at another size, each new pixel the mean of what it covers, by area; enlarged, pixels stay squares.
  ///
  /// Arithmetic is in Double and rounded half up, columns before rows.
  func areaResized(width newWidth: Int, height newHeight: Int) -> Image {
    if newWidth == width, newHeight == height { return self }
    let channels = pixels.shape[2]
    let columns = Image.covers(width, newWidth)
    var narrow = [Double](repeating: 0, count: height * newWidth * channels)
    let elements = pixels.elements
    for y in 0..<height {
      for (x, cover) in columns.enumerated() {
        for (column, share) in cover {
          for channel in 0..<channels {
            narrow[(y * newWidth + x) * channels + channel] += share * Double(elements[(y * width + column) * channels + channel])
          }
        }
      }
    }
    let stride = newWidth * channels
    var result = [UInt8](repeating: 0, count: newHeight * stride)
    for (y, cover) in Image.covers(height, newHeight).enumerated() {
      for position in 0..<stride {
        var sum = 0.0
        for (row, share) in cover { sum += share * narrow[row * stride + position] }
        result[y * stride + position] = UInt8(min(255, max(0, (sum + 1e-9).rounded())))
      }
    }
    return Image(pixels: Tensor(result, shape: [newHeight, newWidth, channels]))
  }

  /// For every new position the old ones that it covers, with their shares of it.
  private static func covers(_ old: Int, _ new: Int) -> [[(position: Int, share: Double)]] {
    (0..<new).map { place in
      // In parts of 1 / new of an old position, so that whole multiples are exact.
      let (start, end) = (place * old, (place + 1) * old)
      return (start / new...(end - 1) / new).map { position in
        let covered = min(end, (position + 1) * new) - max(start, position * new)
        return (position, Double(covered) / Double(old))
      }
    }
  }
}
