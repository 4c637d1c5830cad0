internal import CTurboJPEG
import Tensors

/// JPEG by libjpeg-turbo's TurboJPEG interface.
enum JPEG {
  /// The first bytes of every JPEG file: start of image, and the start of the next marker.
  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

  /// A block of 8×8 pixels takes at least one bit in a Huffman-coded file, 512 pixels per byte; eight times that leaves room
  /// for arithmetic coding.
  private static let mostPixelsPerByte = 4096

  /// The longest side that the format can say.
  private static let longestSide = 65_500

  static func decode(_ bytes: [UInt8]) throws -> Image {
    let decoder = try Decoder()
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = 0
    var colorSpace: Int32 = 0
    guard
      tjDecompressHeader3(
        decoder.handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &colorSpace) == 0
    else { throw decoder.failure }
    let (format, channels) =
      switch TJCS(UInt32(bitPattern: colorSpace)) {
      case TJCS_GRAY: (TJPF_GRAY, 1)
      case TJCS_CMYK, TJCS_YCCK: (TJPF_CMYK, 4)
      default: (TJPF_RGB, 3)
      }
    let shape = try imageShape(width: Int(width), height: Int(height), channels: channels)
    guard Int(width) * Int(height) / mostPixelsPerByte <= bytes.count else {
      throw EspalierError("damaged JPEG: \(bytes.count) bytes cannot hold \(width)×\(height) pixels")
    }

    var failure: EspalierError?
    let pixels = [UInt8](unsafeUninitializedCapacity: shape.count) { buffer, count in
      func decompress(flags: Int32) -> Bool {
        tjDecompress2(
          decoder.handle, bytes, UInt(bytes.count), buffer.baseAddress, width, 0, height, format.rawValue,
          TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS | flags) == 0
      }
      if !decompress(flags: TJFLAG_STOPONWARNING) {
        failure = decoder.failure
        // Padding between the data and the end marker, which some cameras write, is the only thing that may be wrong.
        let isOnlyPadded = decoder.message.hasSuffix("extraneous bytes before marker 0xd9")
        if isOnlyPadded, decompress(flags: 0) || decoder.onlyWarned { failure = nil }
      }
      count = failure == nil ? shape.count : 0
    }
    if let failure { throw failure }
    return Image(pixels: channels == 4 ? rgb(fromInvertedCMYK: pixels, shape: shape) : Tensor(pixels, shape: shape))
  }

  /// The bytes of a JPEG file, colours at half resolution; alpha is dropped.
  ///
  /// - Parameter quality: 1 … 100.
  static func encode(_ image: Image, quality: Int) throws -> [UInt8] {
    let image = image.channels < 3 ? image.grey : image.rgb
    let isGrey = image.channels == 1
    guard max(image.width, image.height) <= longestSide, let handle = tjInitCompress() else {
      throw EspalierError(
        "\(image.width)×\(image.height) pixels cannot be encoded as JPEG", accepted: "at most \(longestSide) in each direction")
    }
    defer { tjDestroy(handle) }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    defer { tjFree(bytes) }
    let status = tjCompress2(
      handle, image.pixels.elements, Int32(image.width), 0, Int32(image.height), (isGrey ? TJPF_GRAY : TJPF_RGB).rawValue,
      &bytes, &count, Int32((isGrey ? TJSAMP_GRAY : TJSAMP_420).rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
    guard status == 0, let bytes else {
      throw EspalierError("libjpeg-turbo could not encode: \(String(cString: tjGetErrorStr2(handle)))")
    }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  /// CMYK as Adobe's programs store it (0 is full ink) as RGB, by Pillow's integer formula.
  private static func rgb(fromInvertedCMYK pixels: [UInt8], shape: Shape) -> Tensor<UInt8> {
    var elements: [UInt8] = []
    elements.reserveCapacity(pixels.count / 4 * 3)
    for start in stride(from: 0, to: pixels.count, by: 4) {
      let light = pixels[start + 3]
      for channel in 0..<3 { elements.append(light - dividedBy255(Int(255 - pixels[start + channel]) * Int(light))) }
    }
    return Tensor(elements, shape: shape.replacing(axis: 2, with: 3))
  }
}

/// The one owner of a decompressor's handle.
private struct Decoder: ~Copyable {
  let handle: tjhandle

  init() throws {
    guard let handle = tjInitDecompress() else { throw EspalierError("libjpeg-turbo could not start: out of memory") }
    self.handle = handle
  }

  deinit { tjDestroy(handle) }

  /// What the last call complained of, a warning or an error.
  var message: String { String(cString: tjGetErrorStr2(handle)) }

  /// Whether the last call complained but went on to the end.
  var onlyWarned: Bool { tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) }

  var failure: EspalierError { EspalierError("damaged JPEG: \(message)") }
}
