internal import CZlib
import Files
import Foundation
import Tensors

/// A file that is read from its start, unpacked on the way if it is gzip.
struct GzipReader: ~Copyable {
  private let file: gzFile
  /// The most bytes that the file can unpack to: deflate shrinks 1032-fold at best.
  let largestSize: Int

  init(_ path: String) throws {
    let size = try RegularFile.check(path)
    guard let file = gzopen(path, "rb") else {
      throw EspalierError("cannot be read: \(String(cString: strerror(errno)).lowercased())", file: path)
    }
    self.file = file
    largestSize = gzdirect(file) == 1 ? size : size * 1032 + 1024
  }

  deinit { gzclose(file) }

  /// The next bytes, fewer than asked for only at the end.
  ///
  /// Memory is taken as bytes come, not as they are asked for.
  func read(upTo count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let part = min(count - bytes.count, 1 << 20)
      let filled = try [UInt8](unsafeUninitializedCapacity: part) { buffer, filled in
        let status = gzread(file, buffer.baseAddress, UInt32(part))
        guard status >= 0 else { throw EspalierError("is damaged: \(message)") }
        filled = Int(status)
      }
      if filled.isEmpty { break }
      bytes += filled
    }
    return bytes
  }

  /// Checks that nothing follows, and gzip's checksum with it.
  func expectEnd() throws {
    guard try read(upTo: 1).isEmpty else { throw EspalierError("is longer than its header says") }
    var code: Int32 = 0
    gzerror(file, &code)
    guard code == Z_OK || code == Z_STREAM_END else { throw EspalierError("is damaged: \(message)") }
  }

  private var message: String {
    var code: Int32 = 0
    guard let text = gzerror(file, &code), text.pointee != 0 else { return "zlib's error \(code)" }
    return String(cString: text)
  }
}
