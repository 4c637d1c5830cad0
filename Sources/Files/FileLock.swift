import Foundation

/// A lock on a file that one process at a time can hold, or several share; it ends with the process, however that ends.
///
/// Where the file system has no locks, everybody gets one.
package final class FileLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of a file that is there; nil if another holds it, or there is no such file.
  ///
  /// - Parameter isShared: whether others may share it; a lock that is not shared is then refused to them.
  package init?(_ path: String, isShared: Bool = false) {
    descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    if flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0, errno == EWOULDBLOCK {
      close(descriptor)
      return nil
    }
  }

  /// Whether the file has no name any more.
  package var isOfRemovedFile: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink == 0
  }

  deinit { close(descriptor) }
}
