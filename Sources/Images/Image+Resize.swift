import Tensors

/// How an image's pixels are mixed when its size changes.
public enum Interpolation: String, CaseIterable, Sendable {
  /// The one pixel under the new pixel's centre.
  case nearest
  /// A triangle over two pixels.
  case bilinear
  /// Keys' cubic with a = −0.5, over four pixels.
  case bicubic

  /// How far the kernel reaches on each side, in pixels of the larger scale.
  fileprivate var support: Double { self == .bicubic ? 2 : 1 }

  fileprivate func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .nearest, .bilinear: return max(0, 1 - x)
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}

/// A part of an image's pixels, for cropping.
public struct PixelRectangle: Hashable, Sendable {
  /// The first column and the first row; negative where the rectangle begins outside the image.
  public var x, y: Int
  /// The number of columns and of rows.
  public var width, height: Int

  /// Makes a rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

extension Image {
  /// The image at another size, byte for byte as Pillow's `Image.resize` makes it.
  ///
  /// When shrinking, the kernel widens by the factor, so that every pixel counts (antialiasing). Weights are rounded to 22
  /// bits and each of the two passes, along rows and then along columns, rounds to 8 bits; alpha is premultiplied meanwhile.
  /// Where more than twice as many rows go as columns, columns come first, as in Pillow 13 (its pull request 9549).
  public func resized(width newWidth: Int, height newHeight: Int, method: Interpolation = .bilinear) -> Image {
    precondition(newWidth > 0 && newHeight > 0, "no image is \(newWidth)×\(newHeight)")
    if newWidth == width && newHeight == height { return self }
    if method == .nearest { return sampled(width: newWidth, height: newHeight) }
    if hasAlpha {
      return premultiplied.filtered(width: newWidth, height: newHeight, method: method).unpremultiplied
    }
    return filtered(width: newWidth, height: newHeight, method: method)
  }

  /// The image with its shorter side at `size` and its shape kept; see ``size(shortSide:width:height:)``.
  public func resized(shortSide size: Int, method: Interpolation = .bilinear) -> Image {
    let target = Image.size(shortSide: size, width: width, height: height)
    return resized(width: target.width, height: target.height, method: method)
  }

  /// The size that torchvision's `Resize(size)` gives: the short side becomes `size`, the long one `size · long / short`
  /// rounded down.
  public static func size(shortSide size: Int, width: Int, height: Int) -> (width: Int, height: Int) {
    width <= height ? (size, size * height / width) : (size * width / height, size)
  }

  /// The part that torchvision's `CenterCrop((height, width))` takes of an image.
  ///
  /// An image that is too small is first padded, the odd pixel on the right and below; then the first row is
  /// (H − height) / 2 rounded half to even, and the first column likewise.
  public static func centerCrop(width cropWidth: Int, height cropHeight: Int, of size: (width: Int, height: Int))
    -> PixelRectangle
  {
    func start(_ length: Int, _ crop: Int) -> Int {
      length < crop ? -((crop - length) / 2) : Int((Double(length - crop) / 2).rounded(.toNearestOrEven))
    }
    return PixelRectangle(
      x: start(size.width, cropWidth), y: start(size.height, cropHeight), width: cropWidth, height: cropHeight)
  }

  /// The middle of the image, by ``centerCrop(width:height:of:)``; what lies outside the image is 0.
  public func centerCropped(width cropWidth: Int, height cropHeight: Int) -> Image {
    cropped(to: Image.centerCrop(width: cropWidth, height: cropHeight, of: (width, height)))
  }

  /// A part of the image; what lies outside the image is 0.
  public func cropped(to part: PixelRectangle) -> Image {
    precondition(part.width > 0 && part.height > 0, "no image is \(part.width)×\(part.height)")
    var elements = [UInt8](repeating: 0, count: part.width * part.height * channels)
    let columns = max(0, part.x)..<max(0, part.x, min(width, part.x + part.width))
    for y in max(0, part.y)..<max(0, part.y, min(height, part.y + part.height)) {
      let source = (y * width + columns.lowerBound) * channels
      let target = ((y - part.y) * part.width + columns.lowerBound - part.x) * channels
      let count = columns.count * channels
      elements.replaceSubrange(target..<target + count, with: pixels.elements[source..<source + count])
    }
    return Image(pixels: Tensor(elements, shape: [part.height, part.width, channels]))
  }

  private func sampled(width newWidth: Int, height newHeight: Int) -> Image {
    let columns = Image.nearestSources(width, newWidth)
    var elements: [UInt8] = []
    elements.reserveCapacity(newWidth * newHeight * channels)
    for y in Image.nearestSources(height, newHeight) {
      for x in columns { elements.append(contentsOf: self[y, x]) }
    }
    return Image(pixels: Tensor(elements, shape: [newHeight, newWidth, channels]))
  }

  /// Pillow adds the step up pixel by pixel, and where a centre falls between two pixels that rounding decides.
  private static func nearestSources(_ length: Int, _ newLength: Int) -> [Int] {
    let step = Double(length) / Double(newLength)
    var position = step / 2
    return (0..<newLength).map { _ in
      defer { position += step }
      return min(Int(position), length - 1)
    }
  }

  private func filtered(width newWidth: Int, height newHeight: Int, method: Interpolation) -> Image {
    var elements = pixels.elements
    func alongRows(_ rows: Int) {
      guard newWidth != width else { return }
      elements = FilterBank(from: width, to: newWidth, method).apply(to: elements, outer: rows, inner: channels)
    }
    func alongColumns(_ columns: Int) {
      guard newHeight != height else { return }
      elements = FilterBank(from: height, to: newHeight, method).apply(to: elements, outer: 1, inner: columns * channels)
    }
    if newHeight < height, height - newHeight > 2 * (width - newWidth) {
      alongColumns(width)
      alongRows(newHeight)
    } else {
      alongRows(height)
      alongColumns(newWidth)
    }
    return Image(pixels: Tensor(elements, shape: [newHeight, newWidth, channels]))
  }
}

/// The fixed-point weights of every new pixel along one axis.
private struct FilterBank {
  /// The bits behind the point: 32, less 8 of the pixel and 2 for the kernel's overshoot.
  static let precision: Int32 = 22
  static let half: Int32 = 1 << (precision - 1)

  /// A sum of weighted bytes as a byte.
  static func byte(_ sum: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, sum >> precision))) }

  let length: Int
  /// The first source pixel of each new one, and its weights, padded to equal numbers.
  var first: [Int] = []
  var count: [Int] = []
  var weights: [Int32] = []
  let most: Int

  init(from length: Int, to newLength: Int, _ method: Interpolation) {
    self.length = length
    let scale = Double(length) / Double(newLength)
    let stretch = max(1, scale)
    let reach = method.support * stretch
    most = Int(reach.rounded(.up)) * 2 + 1
    for target in 0..<newLength {
      let center = (Double(target) + 0.5) * scale
      let low = max(0, Int(center - reach + 0.5))
      let high = min(length, Int(center + reach + 0.5))
      let exact = (low..<high).map { method.weight(at: (Double($0) - center + 0.5) * (1 / stretch)) }
      let total = exact.reduce(0, +)
      let unit = Double(1 << FilterBank.precision as Int32)
      first.append(low)
      count.append(high - low)
      weights += exact.map { Int32(($0 / total * unit).rounded(.toNearestOrAwayFromZero)) }
      weights += repeatElement(0, count: most - (high - low))
    }
  }

  /// Filters the middle axis of [outer, length, inner] and rounds to bytes.
  func apply(to source: [UInt8], outer: Int, inner: Int) -> [UInt8] {
    let newLength = first.count
    return [UInt8](unsafeUninitializedCapacity: outer * newLength * inner) { buffer, initialized in
      source.withUnsafeBufferPointer { source in
        weights.withUnsafeBufferPointer { weights in
          var sums = [Int32](repeating: 0, count: inner)
          sums.withUnsafeMutableBufferPointer { sums in
            for block in 0..<outer {
              for target in 0..<newLength {
                let taps = count[target]
                let weight = weights.baseAddress! + target * most
                let from = source.baseAddress! + (block * length + first[target]) * inner
                let to = buffer.baseAddress! + (block * newLength + target) * inner
                if inner <= 4 {
                  for i in 0..<inner {
                    var sum = FilterBank.half
                    for tap in 0..<taps { sum &+= weight[tap] &* Int32(from[tap * inner + i]) }
                    to[i] = FilterBank.byte(sum)
                  }
                } else {
                  // Along columns a whole row is mixed at once, which the compiler turns into vector instructions.
                  sums.update(repeating: FilterBank.half)
                  for tap in 0..<taps {
                    for i in 0..<inner { sums[i] &+= weight[tap] &* Int32(from[tap * inner + i]) }
                  }
                  for i in 0..<inner { to[i] = FilterBank.byte(sums[i]) }
                }
              }
            }
          }
        }
      }
      initialized = outer * newLength * inner
    }
  }
}
