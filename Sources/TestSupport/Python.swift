import Foundation
import Tensors

/// A Python with the peers' libraries, an independent oracle for what Espalier writes and reads.
///
/// The environment variable `ESPALIER_PYTHON` names its interpreter; tests that need it are skipped without it.
public enum Python {
  /// The interpreter, if one is named.
  public static let interpreter = ProcessInfo.processInfo.environment["ESPALIER_PYTHON"]

  /// Whether an interpreter is named.
  public static var isAvailable: Bool { interpreter != nil }

  /// Runs a script with arguments (`sys.argv[1:]`) and returns what it prints.
  ///
  /// - Throws: `EspalierError` with the script's last words if it fails.
  @discardableResult
  public static func run(_ script: String, _ arguments: String...) throws -> String { try run(script, arguments) }

  /// Runs a script with arguments (`sys.argv[1:]`) and returns what it prints.
  ///
  /// - Throws: `EspalierError` with the script's last words if it fails.
  @discardableResult
  public static func run(_ script: String, _ arguments: [String]) throws -> String {
    guard let interpreter else { throw EspalierError("no Python", accepted: "its path in ESPALIER_PYTHON") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: interpreter)
    process.arguments = ["-c", script] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw EspalierError(String(text.suffix(2000)), location: "Python") }
    return text
  }
}
