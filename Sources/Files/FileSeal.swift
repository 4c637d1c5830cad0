import Foundation
import Tensors

/// A checksum behind the bytes of a file.
package enum FileSeal {
  private static let mark = Data("espalier-crc-64\n".utf8)

  /// Seals a file.
  ///
  /// - Parameter name: the file as errors call it.
  /// - Throws: `EspalierError` if it cannot be read or written.
  package static func append(to path: String, naming name: String) throws {
    let seal = mark + checksum(try RegularFile.mapped(path))
    let descriptor = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, seal.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == seal.count else {
      throw Replacement.failure(name)
    }
  }

  /// Bytes with the seal that a file of them has.
  package static func sealed(_ bytes: [UInt8]) -> [UInt8] { bytes + mark + checksum(Data(bytes)) }

  /// Checks the seal of a file.
  ///
  /// - Throws: `EspalierError` naming the file, if it has none or its bytes are others.
  package static func check(_ path: String) throws {
    let bytes = try RegularFile.mapped(path)
    let content = bytes.dropLast(mark.count + 8)
    guard bytes.suffix(mark.count + 8) == mark + checksum(content) else {
      throw EspalierError(
        "is damaged, or not of this version", file: path, accepted: "deleting it: the same command begins anew then")
    }
  }

  /// The bytes of a sealed file without the seal.
  ///
  /// - Throws: `EspalierError` as ``check(_:)``.
  package static func content(of path: String) throws -> Data {
    try check(path)
    return try RegularFile.mapped(path).dropLast(mark.count + 8)
  }

  private static func checksum(_ bytes: Data) -> Data {
    withUnsafeBytes(of: CRC64(of: bytes).value.littleEndian) { Data($0) }
  }
}
