import ArgumentParser
import Experiments
import Foundation
import Tensors

/// The ways in which the tool ends.
enum Exit {
  /// Prints what went wrong and ends the process: 1 for a failure, 64 for wrong usage, 130 after Ctrl-C.
  static func finish(_ error: any Error, in root: any ParsableCommand.Type) -> Never {
    switch error {
    case let error as EspalierError: fail("error: \(error)", status: 1)
    case let error as RunInterrupted: fail("\(error)", status: 130)
    case is CancellationError: fail("stopped", status: 130)
    default:
      // ArgumentParser's own: help and version among them, which are no failures.
      let status = root.exitCode(for: error)
      if status == .failure { fail("error: \(firstLine(of: error))", status: 1) }
      root.exit(withError: error)
    }
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    StandardError.line("espalier: \(message)")
    exit(status)
  }

  private static func firstLine(of error: any Error) -> String {
    let text = (error as NSError).localizedDescription
    return text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown"
  }
}
