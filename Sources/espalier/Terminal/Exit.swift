import ArgumentParser
import Experiments
import Foundation
import Tensors

/// The ways in which the tool ends.
enum Exit {
  /// Prints what went wrong in a run and ends the process: 1 for a failure, 64 for wrong usage; 130 after Ctrl-C, 143 and 129
  /// after the signals TERM and HUP.
  static func finish(_ error: any Error, in root: any ParsableCommand.Type, _ arguments: [String]) -> Never {
    switch error {
    case let error as EspalierError: fail("error: \(error)", status: 1)
    case let error as RunInterrupted: fail("\(error)", status: Interrupt.status)
    case is CancellationError: fail("stopped", status: Interrupt.status)
    default:
      let status = root.exitCode(for: error)
      if status == .failure { fail("error: \(firstLine(of: error))", status: 1) }
      finish(parsing: error, in: root, arguments)
    }
  }

  /// Prints what is wrong with a command line and ends the process with 64, or prints help or the version, which are no failures.
  static func finish(parsing error: any Error, in root: any ParsableCommand.Type, _ arguments: [String]) -> Never {
    let message = root.message(for: error)
    if root.exitCode(for: error) == .success { print(message == Release.version ? version : root.fullMessage(for: error)) }
    fail(
      "error: \(UsageMessage.text(message, verb: VerbCatalog.path(of: arguments)))", status: ExitCode.validationFailure.rawValue)
  }

  /// Prints a text that was asked for, and ends the process.
  static func print(_ text: String) -> Never {
    do { if !text.isEmpty { try StandardOutput.line(text) } } catch { fail("error: \(error)", status: 1) }
    exit(0)
  }

  /// Prints the manual page, and ends the process.
  static func printManual(of root: any ParsableCommand.Type) -> Never {
    do { print(try ManualPage(of: root).text) } catch { fail("error: \(firstLine(of: error))", status: 1) }
  }

  /// The version, with the libraries that are loaded.
  private static var version: String {
    ([Release.version] + Release.libraries.map(\.description)).joined(separator: "\n")
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
