import Foundation
import Tensors

/// A file that is written beside its destination under a name that nobody else has, and takes its place when it is whole.
package struct Replacement: Sendable {
  /// The position.
  package let path: String
  /// Where it is written until then; has to be created exclusively (`O_EXCL`), which follows no link.
  package let temporary: String

  /// Chooses a name; nothing is created.
  package init(_ path: String) {
    self.path = path
    var generator = SystemRandomNumberGenerator()
    let digits = String(generator.next(), radix: 16)
    temporary = Replacement.start(of: path) + String(repeating: "0", count: 16 - digits.count) + digits + Replacement.ending
  }

  /// Gives the file its name once its bytes are on the disk, so that not even a crash of the machine leaves half of it.
  ///
  /// - Parameter descriptor: the file where it is open; nil to open it.
  /// - Throws: `EspalierError` naming the position, if it cannot be written; what stood there is then untouched.
  package func publish(_ descriptor: Int32? = nil) throws {
    let file = descriptor ?? open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    defer { if descriptor == nil, file >= 0 { close(file) } }
    guard file >= 0, fsync(file) == 0, rename(temporary, path) == 0 else { throw Replacement.failure(path) }
    let folder = open(Replacement.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if folder >= 0 { close(folder) } }
    // Some file systems cannot do that for folders, and some folders may be written to but not read.
    if folder >= 0, fsync(folder) < 0, errno == EIO || errno == ENOSPC { throw Replacement.failure(path) }
  }

  /// Takes away what was written.
  package func discard() {
    // What still has it open keeps it, but it takes no room.
    truncate(temporary, 0)
    unlink(temporary)
  }

  /// Removes what killed runs left beside a location: files under such names that no process writes any more.
  package static func removeAbandoned(of path: String) {
    let start = Path.name(of: Replacement.start(of: path))
    let folder = Replacement.folder(of: path)
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(start), name.hasSuffix(ending) else { continue }
      let digits = name.dropFirst(start.count).dropLast(ending.count)
      guard digits.utf8.count == 16, digits.utf8.allSatisfy({ hexadecimal.contains($0) }) else { continue }
      let file = folder + "/" + name
      var status = stat()
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else { continue }
      if let lock = FileLock(file) { withExtendedLifetime(lock) { _ = unlink(file) } }
    }
  }

  /// The error of the last call.
  package static func failure(_ path: String) -> EspalierError {
    EspalierError("cannot be written: \(String(cString: strerror(errno)).lowercased())", file: path)
  }

  private static let ending = ".partial"
  private static let hexadecimal = Set("0123456789abcdef".utf8)

  private static func folder(of path: String) -> String {
    let folder = Path.folder(of: path)
    return folder.isEmpty ? "." : folder
  }

  /// The path with a name short enough to take more.
  private static func start(of path: String) -> String {
    let end = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) } ?? path.startIndex
    return path[..<end] + String(decoding: path.utf8[end...].prefix(200), as: UTF8.self) + "."
  }
}
