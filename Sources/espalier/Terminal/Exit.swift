import ArgumentParser
import Experiments
import Foundation
import Tensors

/// The ways in which the tool ends.
enum Exit {
  /// Prints what went wrong and ends the process: 1 for a failure, 64 for wrong usage; 130 after Ctrl-C, 143 and 129 after the
  /// signals TERM and HUP.
  static func finish(_ error: any Error, in root: any ParsableCommand.Type) -> Never {
    switch error {
    case let error as EspalierError: fail("error: \(error)", status: 1)
    case let error as RunInterrupted: fail("\(error)", status: Interrupt.status)
    case is CancellationError: fail("stopped", status: Interrupt.status)
    default:
      // ArgumentParser's own: help and version among them, which are no failures.
      let status = root.exitCode(for: error)
      if status == .failure { fail("error: \(firstLine(of: error))", status: 1) }
      let text = root.fullMessage(for: error)
      if status != .success { StandardError.line(text) } else if !text.isEmpty { print(text) }
      exit(status.rawValue)
    }
  }

  private static func print(_ text: String) {
    do { try StandardOutput.line(text) } catch { fail("error: \(error)", status: 1) }
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
