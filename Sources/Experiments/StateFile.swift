import Analysis
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
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe), bytes.count > key.count + 8
    else { return nil }
    let length = bytes.prefix(8).withUnsafeBytes { Int(Int64(littleEndian: $0.loadUnaligned(as: Int64.self))) }
    guard length == key.count, bytes[8..<8 + length] == key else { return nil }
    return bytes[(8 + length)...]
  }

  /// Replaces what was saved, in one step.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func save(_ state: Data) throws { try save { try $0(state) } }

  /// Replaces what was saved, in one step, piece by piece: it may be large.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func save(_ pass: SavedPass) throws {
    try save { write in
      // Writing is over when this returns.
      try withoutActuallyEscaping(write) { write in
        nonisolated(unsafe) let write = write
        var encoder = StateEncoder { try write($0) }
        pass.encode(into: &encoder)
        try encoder.finish()
      }
    }
  }

  private func save(_ body: ((Data) throws -> Void) throws -> Void) throws {
    let new = path + ".new"
    do {
      try Data().write(to: URL(fileURLWithPath: new))
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: new))
      defer { try? file.close() }
      try file.write(contentsOf: withUnsafeBytes(of: Int64(key.count).littleEndian) { Data($0) } + key)
      try body { try file.write(contentsOf: $0) }
      try file.close()
      guard rename(new, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    } catch {
      try? FileManager.default.removeItem(atPath: new)
      throw EspalierError("how far the pass is cannot be saved: \(error.reason)", file: path)
    }
  }

  /// Removes the file, and what a killed run left beside it.
  func remove() { for file in [path, path + ".new"] { try? FileManager.default.removeItem(atPath: file) } }
}
