import ArgumentParser
import Experiments
import Foundation

/// The manual page of the tool, in the language of man(7), from the same descriptions as `--help`.
///
/// `espalier --generate-manual` prints it; `make install` puts it where `man espalier` finds it.
struct ManualPage {
  /// A command as ArgumentParser dumps it.
  private struct Command: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String

        /// The name as it is typed.
        var text: String { (kind == "long" ? "--" : "-") + name }
      }

      var kind: String
      var shouldDisplay: Bool
      var isOptional: Bool
      var isRepeating: Bool
      var names: [Name]?
      var valueName: String?
      var defaultValue: String?
      var abstract: String?
    }

    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var subcommands: [Command]?
    var arguments: [Argument]?
  }

  private struct Dump: Decodable {
    var command: Command
  }

  private let tool: Command
  private let date: Date

  /// Makes the page of a tool.
  ///
  /// - Parameter date: the day that stands at its foot.
  /// - Throws: an error of the decoder, if the dump is of another version.
  init(of root: any ParsableCommand.Type, date: Date = .now) throws {
    tool = try JSONDecoder().decode(Dump.self, from: Data(root._dumpHelp().utf8)).command
    self.date = date
  }

  /// The page.
  var text: String {
    let day = date.formatted(.iso8601.year().month().day())
    var lines = [".TH ESPALIER 1 \"\(day)\" \"espalier \(Release.version)\" \"User Commands\"", ".SH NAME"]
    lines.append("espalier \\- \(ManualPage.escaped(ManualPage.sentence(tool.abstract ?? "")))")
    lines += [".SH SYNOPSIS", ".B espalier", ".I verb", "[\\fIargument\\fR ...]", ".SH DESCRIPTION"]
    lines += ManualPage.paragraphs(tool.discussion ?? "")
    lines.append(".SH VERBS")
    for command in tool.subcommands ?? [] where command.commandName != "help" && command.shouldDisplay != false {
      lines += section(command, path: [command.commandName])
    }
    lines.append(".SH TOPICS")
    for topic in TopicCatalog.all {
      lines += [".TP", ".B espalier help \(ManualPage.escaped(topic.name))", ManualPage.escaped(topic.abstract)]
    }
    lines += [
      ".SH EXIT STATUS", ".TP", ".B 0", "done", ".TP", ".B 1", "failed", ".TP", ".B 64", "wrong usage", ".TP", ".B 130",
      "stopped by Ctrl\\-C",
    ]
    return lines.joined(separator: "\n")
  }

  private func section(_ command: Command, path: [String]) -> [String] {
    let below = (command.subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }
    guard below.isEmpty else { return below.flatMap { section($0, path: path + [$0.commandName]) } }
    let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
    var lines = [".SS \"espalier \(path.joined(separator: " "))\(ManualPage.synopsis(arguments))\""]
    lines += [ManualPage.escaped(command.abstract ?? "")]
    for argument in arguments where !ManualPage.isOfAll(argument) {
      lines += [".TP", ManualPage.escaped(ManualPage.form(argument))]
      let fallback = argument.defaultValue.map { $0.isEmpty ? "" : " (default: \($0))" } ?? ""
      lines.append(ManualPage.escaped((argument.abstract ?? "") + fallback))
    }
    return lines + (command.discussion.map { [".PP"] + ManualPage.paragraphs($0) } ?? [])
  }

  /// What every verb has, and the page says once.
  private static func isOfAll(_ argument: Command.Argument) -> Bool {
    (argument.names ?? []).contains { ["help", "version"].contains($0.name) }
  }

  /// The arguments that must be given.
  private static func synopsis(_ arguments: [Command.Argument]) -> String {
    let needed = arguments.filter { !$0.isOptional }
    let forms = needed.map { $0.kind == "positional" ? "<\($0.valueName ?? "")>" : form($0) }
    return ([""] + forms + ["..."]).joined(separator: " ")
  }

  private static func form(_ argument: Command.Argument) -> String {
    let value = "<\(argument.valueName ?? "value")>"
    if argument.kind == "positional" { return value + (argument.isRepeating ? " ..." : "") }
    let names = (argument.names ?? []).map(\.text).joined(separator: ", ")
    return argument.kind == "option" ? "\(names) \(value)" : names
  }

  /// Lines that begin with blanks are examples and stay as they are.
  private static func paragraphs(_ text: String) -> [String] {
    var lines: [String] = []
    var isExample = false
    func end() {
      if isExample { lines += [".EE", ".RE"] }
      isExample = false
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.allSatisfy(\.isWhitespace) {
        if isExample { lines.append("") } else { lines.append(".PP") }
      } else if line.hasPrefix("  ") {
        if !isExample { lines += [".RS", ".EX"] }
        isExample = true
        lines.append(escaped(String(line.dropFirst(2))))
      } else {
        if isExample, lines.last == "" { lines.removeLast() }
        let wasExample = isExample
        end()
        if wasExample { lines.append(".PP") }
        lines.append(escaped(String(line)))
      }
    }
    end()
    return lines
  }

  private static func sentence(_ text: String) -> String {
    let text = text.hasSuffix(".") ? String(text.dropLast()) : text
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  /// Text in which nothing is a request.
  private static func escaped(_ text: String) -> String {
    let plain = text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}
