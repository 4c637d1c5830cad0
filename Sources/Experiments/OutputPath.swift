import Foundation
import Tensors

/// Where results go.
public enum OutputPath {
  /// Checks that a file can be written, making the folders above it that are missing, before anything long is computed.
  ///
  /// A file that is there already is replaced in one step when the new one is whole.
  ///
  /// - Parameter inputs: the files that are read; none of them may be replaced.
  /// - Throws: `EspalierError` naming the file.
  public static func prepare(_ path: String, notReplacing inputs: [String] = []) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw EspalierError("results cannot replace what is there", file: path, accepted: "a new file, or one to replace")
      }
      for input in inputs {
        var other = stat()
        if stat(input, &other) == 0, other.st_dev == status.st_dev, other.st_ino == status.st_ino {
          throw EspalierError("it is read by this command, and cannot be written to", file: path, accepted: "another file")
        }
      }
    }
    let folder = (path as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
        throw EspalierError("its folder cannot be made", file: path, accepted: "a place that can be written to")
      }
    }
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw EspalierError("its folder cannot be written to: \(String(cString: strerror(errno)).lowercased())", file: path)
    }
  }
}
