import Files
import Foundation
import Tensors

/// Where results go.
public enum OutputPath {
  /// Checks that a file can be written, making the folders above it that are missing, before anything long is computed.
  ///
  /// A file that is there already is replaced in one step when the new one is whole. What a killed run left beside it is removed.
  ///
  /// - Parameter inputs: the files that are read, and the folders of such; none of them may be replaced, by whatever path. They
  ///   are asked for only where a file is there already.
  /// - Throws: `EspalierError` naming the file.
  public static func prepare(_ path: String, notReplacing inputs: @autoclosure () throws -> [String] = []) throws {
    guard !path.isEmpty else { throw EspalierError("no file is named", location: "the result", accepted: "a path") }
    guard !path.hasSuffix("/"), !path.contains("\0") else {
      throw EspalierError("is not the name of a file", file: path, accepted: "a path that ends with a file's name")
    }
    // Made first: only then does every `..` in the path lead somewhere.
    let folder = Path.folder(of: path)
    if !folder.isEmpty {
      do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
        throw EspalierError("its folder cannot be made", file: path, accepted: "a folder that can be written to")
      }
    }
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw EspalierError("results cannot replace what is there", file: path, accepted: "a new file, or one to replace")
      }
      guard try !isOne(of: inputs(), path) else {
        throw EspalierError("it is read by this command, and cannot be written to", file: path, accepted: "another file")
      }
    }
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw EspalierError("its folder cannot be written to: \(String(cString: strerror(errno)).lowercased())", file: path)
    }
    Replacement.removeAbandoned(of: path)
    // A file that is never committed is gone when this ends: so much can be written here.
    _ = try AtomicFile(path)
  }

  /// Checks that the results of a command are files of their own.
  ///
  /// - Parameter paths: files for which ``prepare(_:notReplacing:)`` has passed.
  /// - Throws: `EspalierError` naming the second of two that are one.
  public static func requireDistinct(_ paths: [String]) throws {
    var seen: Set<[String]> = []
    for path in paths {
      let folder = Path.folder(of: path)
      let position = FileIdentity(folder.isEmpty ? "." : folder).map { "\($0)" } ?? folder
      guard seen.insert([position, Path.name(of: path)]).inserted else {
        throw EspalierError("is to hold two results at once", file: path, accepted: "a file for each")
      }
    }
  }

  /// Whether a path leads to one of some files, or one in some folders.
  private static func isOne(of inputs: [String], _ path: String) -> Bool {
    guard let own = FileIdentity(path) else { return false }
    return inputs.contains { input in
      if FileIdentity(input) == own { return true }
      guard let walk = FileManager.default.enumerator(atPath: input) else { return false }
      return walk.contains { name in (name as? String).map { FileIdentity(input + "/" + $0) == own } ?? false }
    }
  }
}
