import Images
import Tensors

/// Which pixels of a mask's file show the object.
///
/// Where no kind is told it is found out, and refused where two kinds would differ: transparency is `alpha`; a palette with
/// colours whose entry 0 is black is `index`, as VOC's; one value beside 0 is the object; values below 100 beside 0 and 255 are
/// numbers, 255 their void; many values of which most are near the brightest are an image with soft edges, `grey`, and so is a
/// JPEG.
extension StoredImage {
  /// The largest number in a mask of 8 bits that passes for a class or an instance without being told.
  private static let largestNumber = 99

  /// The mask as one channel, 255 where the object is and 0 elsewhere.
  ///
  /// - Parameters:
  ///   - kind: what the values mean; nil to find out.
  ///   - asks: how a person tells the kind, for messages.
  /// - Throws: `EspalierError` if that cannot be told, or the file has no values of the kind.
  func objectMask(_ kind: MaskKind?, asks: String) throws -> Image {
    switch try kind ?? foundKind(asks: asks) {
    case .alpha: try alphaMask()
    case .index: try indexMask()
    case .grey: greyMask()
    }
  }

  private var pixelCount: Int { width * height }
  private var colors: Int { channels > 2 ? 3 : 1 }
  private var hasAlphaChannel: Bool { channels == 2 || channels == 4 }

  private func sample(_ pixel: Int, _ channel: Int = 0) -> Int { Int(samples.elements[pixel * channels + channel]) }

  /// How opaque a pixel is, up to ``greatest``.
  private func alpha(_ pixel: Int) -> Int {
    if hasAlphaChannel { return sample(pixel, channels - 1) }
    guard let palette else { return greatest }
    let index = sample(pixel)
    return index < palette.count && palette[index].alpha == 255 ? greatest : 0
  }

  /// A pixel's brightness.
  private func brightness(_ pixel: Int) -> Int {
    if let palette {
      let index = sample(pixel)
      guard index < palette.count else { return 0 }
      return luma(Int(palette[index].red), Int(palette[index].green), Int(palette[index].blue))
    }
    return colors == 1 ? sample(pixel) : luma(sample(pixel), sample(pixel, 1), sample(pixel, 2))
  }

  private func luma(_ red: Int, _ green: Int, _ blue: Int) -> Int { (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16 }

  private func mask(_ isObject: (Int) -> Bool) -> Image {
    Image(pixels: Tensor((0..<pixelCount).map { isObject($0) ? 255 : 0 }, shape: [height, width, 1]))
  }

  private func greyMask() -> Image {
    let visible = (0..<pixelCount).map { brightness($0) * alpha($0) / greatest }
    let brightest = visible.max() ?? 0
    return mask { 2 * visible[$0] > brightest }
  }

  private func alphaMask() throws -> Image {
    guard hasAlphaChannel || palette?.contains(where: { $0.alpha != 255 }) == true else {
      throw EspalierError("is a mask without transparency", accepted: "another kind of mask than alpha")
    }
    let most = (0..<pixelCount).map(alpha).max() ?? 0
    return mask { 2 * alpha($0) > most }
  }

  private func indexMask() throws -> Image {
    guard !isLossy else { throw EspalierError("cannot hold numbers: its format changes values", accepted: "a PNG as index mask") }
    if colors == 3 {
      return mask { pixel in
        let color = [sample(pixel), sample(pixel, 1), sample(pixel, 2)]
        let isVoid = color.allSatisfy { $0 == greatest } || color == [224, 224, 192]
        return !isVoid && color != [0, 0, 0] && alpha(pixel) > 0
      }
    }
    let void = voidNumber
    return mask { sample($0) != 0 && sample($0) != void && alpha($0) > 0 }
  }

  /// The number of pixels that belong to nothing.
  private var voidNumber: Int {
    depth == 16 && (0..<pixelCount).contains { sample($0) > 255 } ? 65535 : 255
  }

  private func foundKind(asks: String) throws -> MaskKind {
    func ambiguous(_ what: String, _ kinds: MaskKind...) -> EspalierError {
      EspalierError(
        "is a mask \(what)", accepted: "\(asks) \(kinds.map(\.rawValue).joined(separator: " or ")) tells what they mean")
    }
    guard !hasTransparentColor else { throw ambiguous("with one colour that stands for transparency", .grey, .index) }
    let isTransparent = (0..<pixelCount).contains { alpha($0) != greatest }
    if isTransparent {
      let opaque = Set((0..<pixelCount).lazy.filter { 2 * alpha($0) > greatest }.map(brightness))
      guard !(opaque.count == 2 && opaque.contains(0)) else {
        throw ambiguous("with transparency, whose opaque pixels are black and one brightness", .grey, .alpha)
      }
      return .alpha
    }
    if isLossy { return .grey }
    if let palette {
      let used = Set((0..<pixelCount).map { sample($0) }).filter { $0 < palette.count }.map { palette[$0] }
      if !used.allSatisfy(\.isGrey) {
        guard palette[0].isGrey, palette[0].red == 0 else {
          throw ambiguous("with a palette whose colour 0 is not black", .grey, .index)
        }
        return .index
      }
    }
    if colors == 3, (0..<pixelCount).contains(where: { sample($0) != sample($0, 1) || sample($0) != sample($0, 2) }) {
      let seen = Set((0..<pixelCount).lazy.map { [sample($0), sample($0, 1), sample($0, 2)] })
      guard seen.subtracting([[0, 0, 0], [224, 224, 192]]).count == 1 else {
        throw ambiguous("of several colours", .grey, .index)
      }
      return .index
    }
    return try greyOrIndex { ambiguous($0, .grey, .index) }
  }

  /// Tells by their values what greys are.
  private func greyOrIndex(_ ambiguous: (String) -> EspalierError) throws -> MaskKind {
    var counts: [Int: Int] = [:]
    for pixel in 0..<pixelCount { counts[brightness(pixel), default: 0] += 1 }
    counts[0] = nil
    guard counts.count > 1, let brightest = counts.keys.max() else { return .grey }
    let numbers = counts.keys.filter { $0 != voidNumber }
    // Greys of a palette are colours; their indices would be something else.
    if palette == nil, numbers.allSatisfy({ $0 <= StoredImage.largestNumber }) { return .index }
    let high = counts.reduce(0) { 8 * $1.key >= 7 * brightest ? $0 + $1.value : $0 }
    if counts.count >= 4, 2 * brightest >= (depth < 8 ? greatest : depth == 16 ? 65535 : 255),
      2 * high >= counts.values.reduce(0, +),
      numbers.contains(where: { $0 > StoredImage.largestNumber && 8 * $0 < 7 * brightest })
    {
      return .grey
    }
    let values = counts.keys.sorted()
    // Numbers beyond 8 bits are no brightness unless they come near the greatest.
    if depth == 16, brightest > 255, 2 * brightest < 65535 { return .index }
    throw ambiguous("with the values \(few(values.map(String.init), most: 5)), which may be brightness or numbers")
  }
}
