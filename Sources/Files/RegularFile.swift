import Foundation
import Tensors

/// Reading of regular files; a folder, a pipe or a device is refused, without waiting for it.
package enum RegularFile {
  /// The most bytes of a file of settings, 1 MiB.
  package static let largestSettings = 1 << 20

  /// Opens a file for reading.
  ///
  /// - Throws: `EspalierError` naming the file, if it is absent, no regular file, or cannot be read.
  package static func open(_ path: String) throws -> FileHandle {
    // Asked first: opening a device may already do something to it.
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path) }
    try check(status, path)
    let descriptor = Foundation.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard fstat(descriptor, &status) == 0 else { throw failure(path) }
    try check(status, path)
    return handle
  }

  /// Checks that a path leads to a regular file that can be read.
  ///
  /// - Returns: its length in bytes.
  /// - Throws: `EspalierError` as ``open(_:)``.
  @discardableResult
  package static func check(_ path: String) throws -> Int { try size(of: open(path), path) }

  /// The text of a file in UTF-8, without the byte order mark that spreadsheets and Windows put before it.
  ///
  /// - Parameter most: the most bytes; 256 MiB unless said otherwise.
  /// - Throws: `EspalierError` as ``open(_:)``, or if it is too long or not UTF-8.
  package static func text(_ path: String, most: Int = 1 << 28) throws -> String {
    var bytes = try bytes(path, most: most)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw EspalierError("is UTF-16 text", file: path, accepted: "UTF-8")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw EspalierError("is not UTF-8 text", file: path)
    }
    return text
  }

  /// The bytes of a file, mapped where that is possible.
  ///
  /// - Throws: `EspalierError` as ``open(_:)``.
  package static func mapped(_ path: String) throws -> Data {
    try check(path)
    do { return try Data(contentsOf: URL(fileURLWithPath: path).resolvingSymlinksInPath(), options: .mappedIfSafe) } catch {
      throw EspalierError("cannot be read: \(error.reason)", file: path)
    }
  }

  /// The bytes of a file.
  ///
  /// - Parameter most: the most bytes; 2³² unless said otherwise.
  /// - Throws: `EspalierError` as ``open(_:)``, or if there are more or they cannot be read.
  package static func bytes(_ path: String, most: Int = 1 << 32) throws -> [UInt8] {
    let handle = try open(path)
    defer { try? handle.close() }
    let size = try size(of: handle, path)
    guard size <= most else { throw EspalierError("is \(size) bytes long", file: path, accepted: "at most \(most)") }
    let bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      filled = 0
      while filled < size {
        let count = read(handle.fileDescriptor, buffer.baseAddress! + filled, size - filled)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure(path) }
        if count == 0 { break }
        filled += count
      }
    }
    guard bytes.count == size else { throw EspalierError("ended after \(bytes.count) of \(size) bytes", file: path) }
    return bytes
  }

  private static func size(of handle: FileHandle, _ path: String) throws -> Int {
    var status = stat()
    guard fstat(handle.fileDescriptor, &status) == 0 else { throw failure(path) }
    return Int(status.st_size)
  }

  private static func check(_ status: stat, _ path: String) throws {
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw EspalierError("is a folder", file: path, accepted: "a file")
    default: throw EspalierError("is not a regular file", file: path, accepted: "a file")
    }
  }

  private static func failure(_ path: String) -> EspalierError {
    let code = errno
    let reason = String(cString: strerror(code)).lowercased()
    return EspalierError(code == ENOENT ? reason : "cannot be read: \(reason)", file: path)
  }
}
