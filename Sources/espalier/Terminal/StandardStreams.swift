import Foundation
import Tensors

/// Where talk goes.
enum StandardError {
  /// Whether a person watches.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Prints one line.
  static func line(_ text: String) { write(text + "\n") }

  /// Prints text as it is.
  static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Where results go.
enum StandardOutput {
  /// Prints a result.
  ///
  /// - Throws: `EspalierError` if it cannot be written, to a full disk for example.
  static func line(_ text: String) throws {
    do { try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8)) } catch {
      throw EspalierError("cannot be written", place: "standard output", accepted: "a place with room")
    }
  }

  /// Prints a result as JSON, with the keys in order.
  ///
  /// - Throws: `EspalierError` if it cannot be written; an error of the encoder for numbers that JSON does not know.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try line(String(decoding: encoder.encode(value), as: UTF8.self))
  }
}
