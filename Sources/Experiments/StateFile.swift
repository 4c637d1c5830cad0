import Analysis
import Files
import Foundation
import Tensors

/// How far a pass has come, in a file beside its result, with the identity of the job.
///
/// The file: a mark, the identity's text behind its length, the state, and a checksum of all of it.
struct StateFile {
  private static let mark = Data("espalier-state-1".utf8)

  /// The file.
  let path: String
  private let key: Data

  init(_ path: String, job: JobIdentity) {
    self.path = path
    key = Data(job.text.utf8)
  }

  /// What an earlier run of the same job saved; nil if there is none.
  ///
  /// - Parameter note: called with a state that is damaged and left aside.
  /// - Throws: `EspalierError` if something else is there, which no result may replace.
  func load(note: (String) -> Void = { _ in }) throws -> Data? {
    Replacement.removeAbandoned(of: path)
    guard try isThere() else { return nil }
    let bytes = try RegularFile.mapped(path)
    let start = StateFile.mark.count + 8
    let sum = bytes.suffix(8).withUnsafeBytes { $0.count == 8 ? UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) : 0 }
    guard bytes.count >= start + 8, CRC64(of: bytes.dropLast(8)).value == sum else {
      note("'\(path)' is damaged and left aside; what it held is computed anew")
      return nil
    }
    let length = bytes[StateFile.mark.count..<start].withUnsafeBytes {
      Int(Int64(littleEndian: $0.loadUnaligned(as: Int64.self)))
    }
    guard length == key.count, bytes.count - start - 8 >= length, bytes[start..<start + length] == key else { return nil }
    return bytes[(start + length)...].dropLast(8)
  }

  /// Replaces what was saved, in one step.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func save(_ state: Data) throws { try save { try $0(state) } }

  /// Replaces what was saved, in one step, piece by piece: it may be large.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func save(_ pass: PartialPass) throws {
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

  /// Removes the file, if it is one.
  func remove() {
    Replacement.removeAbandoned(of: path)
    if (try? isThere()) ?? false { unlink(path) }
  }

  private func save(_ body: ((Data) throws -> Void) throws -> Void) throws {
    do {
      let file = try AtomicFile(path)
      var sum = CRC64()
      func write(_ bytes: Data) throws {
        bytes.withUnsafeBytes { sum.update($0) }
        try file.write(bytes)
      }
      try write(StateFile.mark + withUnsafeBytes(of: Int64(key.count).littleEndian) { Data($0) } + key)
      try body(write)
      try file.write(withUnsafeBytes(of: sum.value.littleEndian) { Data($0) })
      try file.commit()
    } catch let error as EspalierError {
      throw EspalierError("how far the pass is cannot be saved: \(error.problem)", file: path)
    }
  }

  /// Whether a state is at the path.
  ///
  /// - Throws: `EspalierError` if something else is.
  private func isThere() throws -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else { return false }
    let isState =
      status.st_mode & S_IFMT == S_IFREG
      && (try? RegularFile.open(path).read(upToCount: StateFile.mark.count)) == StateFile.mark
    guard isState else {
      throw EspalierError(
        "is there, and is no saved state of this version of espalier", file: path, accepted: "another --out, or deleting it")
    }
    return true
  }
}
