import Foundation
import Tensors

/// How far a pass has come, in a file beside its result, with the key of all that it depends on.
struct StateFile {
  private let path: String
  private let key: Data

  init(_ path: String, key: String) {
    self.path = path
    self.key = Data(key.utf8)
  }

  /// What an earlier run with the same key saved; nil if there is none.
  func load() -> Data? {
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)), bytes.count > key.count + 8 else { return nil }
    let length = bytes.prefix(8).withUnsafeBytes { Int(Int64(littleEndian: $0.loadUnaligned(as: Int64.self))) }
    guard length == key.count, bytes[8..<8 + length] == key else { return nil }
    return Data(bytes[(8 + length)...])
  }

  /// Replaces what was saved, in one step.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func save(_ state: Data) throws {
    var bytes = withUnsafeBytes(of: Int64(key.count).littleEndian) { Data($0) }
    bytes += key
    bytes += state
    do { try bytes.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw EspalierError("how far the pass is cannot be saved: \(error.localizedDescription)", file: path)
    }
  }

  /// Removes the file.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
