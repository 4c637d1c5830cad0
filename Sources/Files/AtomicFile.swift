import Foundation
import Tensors

/// A file that is there whole or not at all, to be written piece by piece.
///
/// It is written beside its destination, and moved there by ``commit()`` once it is on the disk. One that is never committed is
/// deleted when nothing refers to it any more.
package final class AtomicFile {
  private let replacement: Replacement
  private var descriptor: Int32

  /// Begins a file; an old one of that name stays until ``commit()``.
  ///
  /// - Throws: `EspalierError` naming the file, if it cannot be created.
  package init(_ path: String) throws {
    while true {
      let replacement = Replacement(path)
      let descriptor = open(replacement.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw Replacement.failure(path) }
      // Held while it is written: `Replacement.removeAbandoned` lets it be then.
      flock(descriptor, LOCK_EX | LOCK_NB)
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        self.replacement = replacement
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  deinit { discard() }

  /// Appends bytes.
  ///
  /// - Throws: `EspalierError` naming the file, if they cannot be written.
  package func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Replacement.failure(replacement.path) }
      rest = rest.dropFirst(count)
    }
  }

  /// Appends bytes.
  ///
  /// - Throws: `EspalierError` naming the file, if they cannot be written.
  package func write(_ bytes: some ContiguousBytes) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Puts the file in its position.
  ///
  /// - Throws: `EspalierError` naming the file, if it cannot be written; what stood there is then untouched.
  package func commit() throws {
    try replacement.publish(descriptor)
    close(descriptor)
    descriptor = -1
  }

  /// Writes a file in one piece.
  ///
  /// - Throws: `EspalierError` naming the file, if it cannot be written; what stood there is then untouched.
  package static func write(_ bytes: some ContiguousBytes, to path: String) throws {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
  }

  private func discard() {
    guard descriptor >= 0 else { return }
    replacement.discard()
    close(descriptor)
  }
}
