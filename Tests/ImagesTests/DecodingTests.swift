import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite struct DecodingTests {
  @Test func everyKindDecodesAsPillowDoes() throws {
    for file in try PillowReference.load().files {
      let image = try Image.decode(file.bytes)
      #expect(image.pixels.shape == Shape(file.shape), "\(file.name)")
      #expect(image == file.image, "\(file.name)")
    }
  }

  @Test func writtenImagesReadBackAndLeaveNothingBeside() throws {
    let reference = try PillowReference.load()
    try withTemporaryFolder { folder in
      let folder = folder.path
      for (name, source) in reference.sources {
        let path = "\(folder)/\(name).jpeg"
        try source.image.writePNG(to: path)
        try source.image.writePNG(to: path)
        #expect(try Image.read(path) == source.image)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == reference.sources.count)
    }
  }

  @Test func indexedImageIsWrittenWithItsPalette() throws {
    let indices = Tensor<UInt8>([0, 1, 2, 2, 1, 0], shape: [2, 3])
    let palette = Tensor<UInt8>([255, 0, 0, 0, 255, 0, 1, 2, 3], shape: [3, 3])
    let image = IndexedImage(indices: indices, palette: palette)
    let bytes = try image.encodedPNG()
    #expect(bytes[25] == 3, "colour type of the header: palette")
    #expect(try Image.decode(bytes) == image.rgb)
    #expect(image.rgb[1, 0].elementsEqual([1, 2, 3]))
    let large = image.enlarged(by: 2)
    #expect(large.indices == Tensor([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 2, 2, 1, 1, 0, 0, 2, 2, 1, 1, 0, 0], shape: [4, 6]))
  }

  @Test func unreadableFilesAreNamed() throws {
    try withTemporaryFolder { folder in
      let folder = folder.path
      func message(_ path: String) -> String {
        do {
          _ = try Image.read(path)
          return "no error"
        } catch { return "\(error)" }
      }
      let (empty, words) = ("\(folder)/empty.png", "\(folder)/words.png")
      try Data().write(to: URL(filePath: empty))
      try Data("not an image".utf8).write(to: URL(filePath: words))
      #expect(message("\(folder)/absent.png") == "\(folder)/absent.png: no such file or directory")
      #expect(message(folder) == "\(folder): is a folder (accepted: a file)")
      #expect(message("/dev/null") == "/dev/null: is not a regular file (accepted: a file)")
      #expect(message(empty) == "\(empty): is empty (accepted: a PNG, JPEG, WebP or BMP image)")
      #expect(message(words) == "\(words): is neither PNG, JPEG, WebP nor BMP (accepted: a PNG, JPEG, WebP or BMP image)")
      let sparse = "\(folder)/sparse.png"
      #expect(FileManager.default.createFile(atPath: sparse, contents: nil) && truncate(sparse, 1 << 40) == 0)
      #expect(message(sparse) == "\(sparse): is 1099511627776 bytes long (accepted: at most 1073741824)")
      let image = Image(width: 2, height: 2, filledWith: [1])
      #expect(throws: EspalierError("cannot be written: no such file or directory", file: "\(folder)/absent/a.png")) {
        try image.writePNG(to: "\(folder)/absent/a.png")
      }
    }
  }

  /// 16 bits, indices of a palette and values of 2 bits come as they are stored; Pillow's and NumPy's values.
  @Test func storedSamplesAreWhatTheFileHolds() throws {
    let reference = try PillowReference.load()
    for stored in reference.stored {
      let image = try StoredImage.decode([UInt8](stored.file))
      #expect(image.samples.elements.map(Int.init) == stored.samples, "\(stored.name)")
      #expect(image.depth == stored.depth && (image.palette != nil) == stored.name.contains("palette"), "\(stored.name)")
    }
    let palette = try #require(try StoredImage.decode(try reference.file("png palette with transparency")).palette)
    #expect(palette.prefix(3).map(\.alpha) == [0, 128, 200] && palette.count > 3 && palette[3].alpha == 255)
  }

  /// A header that promises more pixels than the limit is refused before memory is taken.
  @Test func imagesWithTooManyPixelsAreRefused() throws {
    var bytes = try Image(width: 1, height: 1, filledWith: [0]).encodedPNG()
    // 16384 × 16384 in the header, and its checksum.
    bytes.replaceSubrange(16..<24, with: [0, 0, 64, 0, 0, 0, 64, 0])
    bytes.replaceSubrange(29..<33, with: [0x8C, 0xA3, 0x4F, 0x58])
    do {
      _ = try Image.decode(bytes)
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("16384×16384 pixels is refused (accepted: 1 to 89478485 pixels; the environment variable"))
    }
  }

  /// An image that is cut short is refused wherever the cut falls, so that no grey area passes for data.
  @Test func everyTruncationIsAnError() throws {
    let reference = try PillowReference.load()
    for name in [
      "png rgb", "png interlaced", "jpeg 4:2:0", "jpeg progressive", "jpeg grey", "webp lossless", "webp lossy with alpha",
      "bmp of 24 bits", "bmp with a palette",
    ] {
      let bytes = try reference.file(name)
      for count in bytes.indices {
        #expect(throws: EspalierError.self, "\(name), first \(count) of \(bytes.count) bytes") {
          try Image.decode(Array(bytes.prefix(count)))
        }
      }
    }
  }

  @Test func sizesThatTheDataCannotHoldAreRefused() throws {
    let reference = try PillowReference.load()
    func patched(_ name: String, _ patches: [(Int, [UInt8])]) throws -> [UInt8] {
      var bytes = try reference.file(name)
      for (position, value) in patches { bytes.replaceSubrange(position..<position + value.count, with: value) }
      return bytes
    }
    func message(_ bytes: [UInt8]) -> String {
      do { return "\(try Image.decode(bytes).pixels.shape)" } catch { return "\(error)" }
    }
    func refusal(_ size: String) -> String {
      "an image of \(size) pixels is refused (accepted: 1 to 89478485 pixels; the environment variable ESPALIER_MAX_PIXELS sets "
        + "another limit)"
    }
    // Width and height at 16, and the header's checksum at 29.
    let largest = try patched(
      "png rgb", [(16, [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]), (29, [0x9B, 0xAB, 0x9C, 0x31])])
    #expect(message(largest) == refusal("2147483647×2147483647"))
    let large = try patched("png rgb", [(16, [0, 0, 0x20, 0, 0, 0, 0x20, 0]), (29, [0xFD, 0xC8, 0x5D, 0x0E])])
    #expect(message(large) == "damaged PNG: \(large.count) bytes cannot hold 8192×8192 pixels")
    let jpeg = try reference.file("jpeg grey")
    let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    let huge = try patched("jpeg grey", [(frame + 5, [0xFF, 0xDC, 0xFF, 0xDC])])
    #expect(message(huge) == refusal("65500×65500"))
    let wide = try patched("jpeg grey", [(frame + 5, [0x20, 0x00, 0x20, 0x00])])
    #expect(message(wide) == "damaged JPEG: \(jpeg.count) bytes cannot hold 8192×8192 pixels")
  }

  /// What is written as JPEG is read again, nearly: smooth images lose little, whatever their size and channels.
  @Test func jpegFilesAreWritten() throws {
    for (width, height, channels) in [(1, 1, 1), (28, 28, 1), (31, 17, 3), (64, 40, 4), (9, 50, 2)] {
      let elements = (0..<width * height * channels).map { position -> UInt8 in
        let pixel = position / channels
        return channels % 2 == 0 && position % channels == channels - 1 ? 255 : UInt8(60 + pixel % width * 2 + pixel / width)
      }
      let image = Image(pixels: Tensor(elements, shape: [height, width, channels]))
      let bytes = try image.encodedJPEG(quality: 95)
      #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF]))
      let read = try Image.decode(bytes)
      let expected = channels < 3 ? image.grey : image.rgb
      #expect(read.pixels.shape == expected.pixels.shape)
      let differences = zip(read.pixels.elements, expected.pixels.elements).map { abs(Int($0) - Int($1)) }
      #expect(differences.max()! <= 6, "\(width)×\(height)×\(channels)")
    }
    #expect(throws: EspalierError.self) { try Image(width: 70_000, height: 1, filledWith: [0]).encodedJPEG() }
  }

  /// Hundreds of damaged copies of each file decode or throw; none traps, hangs or prints.
  @Test func damagedFilesNeverTrap() throws {
    for file in try PillowReference.load().files {
      let mutator = Mutator(file.bytes)
      for number in 0..<350 {
        do {
          let image = try Image.decode(mutator(number))
          #expect(image.pixels.count > 0)
        } catch let error as EspalierError {
          #expect(!error.description.isEmpty && !error.description.contains("\n"))
        }
      }
    }
  }
}
