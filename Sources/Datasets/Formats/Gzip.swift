internal import CZlib
import Foundation
import Tensors

/// A file that is read from its start, unpacked on the way if it is gzip.
struct GzipReader: ~Copyable {
  private let file: gzFile
  /// The most bytes that the file can unpack to: deflate shrinks 1032-fold at best.
  let largestSize: Int

  init(_ path: String) throws {
    // A pipe without a writer would keep a plain `open` waiting for ever.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw EspalierError("cannot be opened: \(String(cString: strerror(errno)))") }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG, let file = gzdopen(descriptor, "rb")
    else {
      close(descriptor)
      throw EspalierError("is not a regular file")
    }
    self.file = file
    let size = Int(information.st_size)
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
