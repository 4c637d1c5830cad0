import Foundation
import Tensors

/// Reading and writing of files in one piece.
package enum WholeFile {
  /// The bytes of a regular file, which is opened without waiting.
  ///
  /// - Parameter most: the most bytes.
  /// - Throws: `EspalierError` naming the file if it is absent, a folder or another special file, longer than `most` bytes, or
  ///   cannot be read.
  package static func read(_ path: String, most: Int = 1 << 32) throws -> [UInt8] {
    // A pipe without a writer would keep a plain `open` waiting for ever.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno, path) }
    guard let stream = fdopen(descriptor, "rb") else {
      close(descriptor)
      throw failure(errno, path)
    }
    defer { fclose(stream) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(errno, path) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw EspalierError("is a folder", file: path, accepted: "a file")
    default: throw EspalierError("is not a regular file", file: path)
    }
    let size = Int(status.st_size)
    guard size <= most else { throw EspalierError("is \(size) bytes long", file: path, accepted: "at most \(most)") }
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { $1 = fread($0.baseAddress, 1, size, stream) }
    guard bytes.count == size else { throw EspalierError("ended after \(bytes.count) of \(size) bytes", file: path) }
    return bytes
  }

  /// Writes a file beside its place and renames it when whole, so that no reader meets half of it.
  ///
  /// - Throws: `EspalierError` naming the file if it cannot be written; what stood at the path is then untouched.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    let partial = "\(path).\(UUID().uuidString).partial"
    guard let stream = fopen(partial, "wb") else { throw failure(errno, path, "cannot be written: ") }
    let written = fwrite(bytes, 1, bytes.count, stream)
    let writeCode = errno
    let closed = fclose(stream) == 0
    guard written == bytes.count, closed else {
      let code = written == bytes.count ? errno : writeCode
      unlink(partial)
      throw failure(code, path, "cannot be written: ")
    }
    guard rename(partial, path) == 0 else {
      let code = errno
      unlink(partial)
      throw failure(code, path, "cannot be written: ")
    }
  }

  private static func failure(_ code: Int32, _ path: String, _ attempt: String = "") -> EspalierError {
    EspalierError(attempt + String(cString: strerror(code)).lowercased(), file: path)
  }
}
