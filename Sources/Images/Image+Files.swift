import Files
import Tensors

extension Image {
  /// Reads a PNG, JPEG, WebP or BMP file, told apart by its first bytes, whatever its name.
  ///
  /// PNG: palettes, 1 to 4 bits and interlacing are expanded, transparency becomes an alpha channel, and of 16 bits the high
  /// byte is kept (as Pillow does for colour). JPEG: grey stays one channel; CMYK is converted to RGB by Pillow's formula,
  /// without a colour profile. An EXIF orientation is ignored: pixels come as they are stored, as from Pillow's `Image.open`.
  ///
  /// - Throws: `EspalierError` naming the file if it is absent, not an image, damaged, cut short, or has more than
  ///   ``largestPixelCount`` pixels.
  public static func read(_ path: String) throws -> Image {
    try naming(file: path) { try decode(RegularFile.bytes(path, most: Image.largestFile)) }
  }

  /// The ends of the names of files that ``read(_:)`` reads, in lower case.
  public static let fileExtensions = ["png", "jpg", "jpeg", "webp", "bmp"]

  /// The most bytes of an image file.
  static let largestFile = 1 << 30

  private static let formats = "a PNG, JPEG, WebP or BMP image"

  /// Decodes the bytes of an image file; see ``read(_:)``.
  ///
  /// - Throws: `EspalierError` as ``read(_:)``.
  public static func decode(_ bytes: [UInt8]) throws -> Image {
    if bytes.isEmpty { throw EspalierError("is empty", accepted: formats) }
    if bytes.starts(with: PNG.signature) { return try PNG.decode(bytes) }
    if bytes.starts(with: JPEG.signature) { return try JPEG.decode(bytes) }
    if WebP.isSigned(bytes) { return try WebP.decode(bytes) }
    if BMP.isSigned(bytes) { return try BMP.decode(bytes) }
    throw EspalierError("is neither PNG, JPEG, WebP nor BMP", accepted: formats)
  }

  /// Writes the image as an 8-bit PNG file, beside its destination first and renamed when whole.
  ///
  /// - Throws: `EspalierError` naming the file if it cannot be written.
  public func writePNG(to path: String) throws {
    try naming(file: path) { try AtomicFile.write(encodedPNG(), to: path) }
  }

  /// The image as the bytes of an 8-bit PNG file.
  ///
  /// - Throws: `EspalierError` if libpng cannot encode it.
  public func encodedPNG() throws -> [UInt8] { try PNG.encode(self) }

  /// The image as the bytes of a JPEG file, grey or in colours at half resolution; alpha is dropped.
  ///
  /// - Parameter quality: 1 … 100.
  /// - Throws: `EspalierError` if a side is longer than the format allows, or libjpeg-turbo cannot encode it.
  public func encodedJPEG(quality: Int = 85) throws -> [UInt8] { try JPEG.encode(self, quality: min(max(quality, 1), 100)) }
}

extension StoredImage {
  /// Reads a file's samples: of a PNG as they are stored, of others as ``Image/read(_:)`` decodes them.
  ///
  /// - Throws: `EspalierError` as ``Image/read(_:)``.
  public static func read(_ path: String) throws -> StoredImage {
    try naming(file: path) { try decode(RegularFile.bytes(path, most: Image.largestFile)) }
  }

  /// Decodes the bytes of an image file; see ``read(_:)``.
  ///
  /// - Throws: `EspalierError` as ``Image/read(_:)``.
  public static func decode(_ bytes: [UInt8]) throws -> StoredImage {
    if bytes.starts(with: PNG.signature) { return try PNG.decodeStored(bytes) }
    let image = try Image.decode(bytes)
    return StoredImage(
      samples: Tensor(image.pixels.elements.map { UInt16($0) }, shape: image.pixels.shape), depth: 8, palette: nil,
      hasTransparentColor: false, isLossy: !BMP.isSigned(bytes))
  }
}

extension IndexedImage {
  /// Writes the image as a PNG file with a palette (mode P), beside its destination first and renamed when whole.
  ///
  /// - Throws: `EspalierError` naming the file if it cannot be written.
  public func writePNG(to path: String) throws {
    try naming(file: path) { try AtomicFile.write(encodedPNG(), to: path) }
  }

  /// The image as the bytes of a PNG file with a palette.
  ///
  /// - Throws: `EspalierError` if libpng cannot encode it.
  public func encodedPNG() throws -> [UInt8] { try PNG.encode(self) }
}
