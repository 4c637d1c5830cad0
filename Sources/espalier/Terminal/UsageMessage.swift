import ArgumentParser
import Tensors

/// What is wrong with a command line, in one line of the form that all errors of the tool have.
enum UsageMessage {
  /// The line for an error of ArgumentParser.
  ///
  /// - Parameters:
  ///   - message: its message: a sentence of ArgumentParser, or that of a `ValidationError`.
  ///   - verb: the words that lead to the command.
  static func text(_ message: String, verb: [String]) -> String {
    let line = message.split(whereSeparator: \.isNewline).map(String.init).joined(separator: " ")
    let problem = value(line) ?? option(line) ?? sentence(line)
    let help = "usage: \((["espalier"] + verb + ["--help"]).joined(separator: " ")))"
    return problem.hasSuffix(")") ? problem.dropLast() + "; " + help : problem + " (" + help
  }

  /// `The value 'V' is invalid for '--option <v>'`, with what is wrong or what would be accepted behind it.
  private static func value(_ line: String) -> String? {
    let (start, middle) = ("The value '", "' is invalid for '")
    guard line.hasPrefix(start), let meeting = line.range(of: middle) else { return nil }
    let value = String(line[line.index(line.startIndex, offsetBy: start.count)..<meeting.lowerBound])
    guard let end = line[meeting.upperBound...].firstIndex(of: "'") else { return nil }
    let name = String(line[meeting.upperBound..<end].prefix { $0 != " " })
    let rest = String(line[line.index(after: end)...])
    if rest.hasPrefix(": ") {
      // An error that names an option itself, which may be another than this one.
      let problem = rest.dropFirst(2)
      let isNamed = problem.hasPrefix("--") && problem.prefix { $0 != " " }.hasSuffix(":")
      return "\(name): " + (isNamed ? problem.drop { $0 != " " }.dropFirst() : problem)
    }
    let choices = quoted(rest)
    if !choices.isEmpty {
      return "\(name): there is no '\(value)'" + EspalierError.suggestion(for: value, among: choices)
        + " (accepted: \(EspalierError.list(choices)))"
    }
    // Whatever else is parsed by itself is a number.
    return "\(name): '\(value)' is not accepted (accepted: \(Double(value) == nil ? "a number" : "a whole number"))"
  }

  /// ArgumentParser's text for an unknown option and the one that is meant: `Unknown option '--name'. Did you mean '--other'?`.
  private static func option(_ line: String) -> String? {
    let start = "Unknown option '"
    guard line.hasPrefix(start) else { return nil }
    let names = quoted(line)
    guard let name = names.first else { return nil }
    return "there is no option '\(name)'" + (names.count > 1 ? "; did you mean '\(names[1])'?" : "")
  }

  private static func sentence(_ line: String) -> String {
    guard let first = line.first, first.isUppercase, line.dropFirst().first?.isLowercase ?? false else { return line }
    return first.lowercased() + line.dropFirst()
  }

  /// The texts between single quotation marks.
  private static func quoted(_ line: String) -> [String] {
    let parts = line.split(separator: "'", omittingEmptySubsequences: false)
    return parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
  }
}
