import Foundation

/// A lock on a file that one process at a time can hold; it ends with the process, however that ends.
///
/// Where the file system has no locks, everybody gets one.
package final class FileLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of a file that is there; nil if another holds it, or there is no such file.
  package init?(_ path: String) {
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    if flock(descriptor, LOCK_EX | LOCK_NB) < 0, errno == EWOULDBLOCK {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }
}
