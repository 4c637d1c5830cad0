import Foundation
import Tensors

/// A folder beside a result, in which an unfinished run keeps what it has, with the identity of the job.
///
/// One run at a time has it, unless it is shared. Of a folder that is there, only what such a run has made is ever removed.
package final class RunFolder: Sendable {
  /// The folder.
  package let path: String
  /// Whether an earlier run of the same job left it.
  package let isResumed: Bool

  private let isOwn: @Sendable (String) -> Bool
  private let lock: FileLock

  /// Makes the folder, or takes over that of an earlier run; what one of another job left is removed.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - job: all that its content depends on.
  ///   - isShared: whether others that share it may be at work there at the same time.
  ///   - isOwn: whether a name in it is one that the run gives.
  /// - Throws: `EspalierError` if another run is at work there, something else is there, or it cannot be written.
  package init(_ path: String, job: JobIdentity, isShared: Bool = false, isOwn: @escaping @Sendable (String) -> Bool) throws {
    self.path = path
    self.isOwn = isOwn
    let keyFile = path + "/key"
    let text = RunFolder.mark + job.text
    let isNew = mkdir(path, 0o777) == 0
    if !isNew, errno != EEXIST { throw Replacement.failure(path) }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw RunFolder.stranger(path) }
    guard let lock = FileLock(path, isShared: isShared) else {
      throw EspalierError("another run is at work here", file: path, accepted: "another --out, or its end")
    }
    self.lock = lock
    Replacement.removeAbandoned(of: keyFile)
    let found = try? RegularFile.text(keyFile)
    if found == nil, try !FileManager.default.contentsOfDirectory(atPath: path).isEmpty { throw RunFolder.stranger(path) }
    if let found, !found.hasPrefix(RunFolder.mark) { throw RunFolder.stranger(path) }
    isResumed = found == text
    guard !isResumed else { return }
    removeContent()
    do { try AtomicFile.write(Data(text.utf8), to: keyFile) } catch {
      rmdir(path)
      throw error
    }
  }

  /// The names of what the run has made.
  ///
  /// - Throws: `EspalierError` if the folder cannot be read.
  package func names() throws -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path).filter(isMade) } catch {
      throw EspalierError("cannot be read: \(error.reason)", file: path)
    }
  }

  /// Removes what the run has made, and the folder if nothing else is in it.
  package func remove() {
    removeContent()
    unlink(path + "/key")
    rmdir(path)
  }

  private static let mark = "espalier run\n"

  private static func stranger(_ path: String) -> EspalierError {
    EspalierError(
      "is there, and is not the folder of an unfinished run of this version of espalier", file: path, accepted: "another --out")
  }

  /// Whether a name is one that the run gives, or gives to what is not whole yet.
  private func isMade(_ name: String) -> Bool {
    isOwn(name) || name.wholeMatch(of: /(.+)\.[0-9a-f]{16}\.partial/).map { isOwn(String($0.1)) } ?? false
  }

  private func removeContent() { for name in (try? names()) ?? [] { unlink(path + "/" + name) } }
}
