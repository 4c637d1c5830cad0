import ArgumentParser
import Experiments
import Plotting
import Tensors

/// Where a figure goes, and how it is set.
struct FigureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The file to write: PNG, PDF or SVG; further pages get -2, -3, … before the ending.", valueName: "file"),
    completion: .file(extensions: ["png", "pdf", "svg"]))
  var out: String

  @Option(
    help: ArgumentHelp(
      "How it is set: \(StylePreset.names.joined(separator: ", ")), or a TOML file, as `espalier help styles` explains (default: at most the width of a page).",
      valueName: "name"),
    completion: .styles)
  var style: String?

  @Option(help: ArgumentHelp("Its width: column or page of the style, or a length, such as 85mm or 3.5in.", valueName: "width"))
  var width: String?

  @Flag(help: "Draw light on dark.")
  var dark = false

  @OptionGroup var talk: TalkOptions

  func validate() throws {
    guard Canvas.Format.allCases.contains(where: { out.lowercased().hasSuffix("." + $0.rawValue) }) else {
      throw ValidationError("--out ends in .png, .pdf or .svg, not '\(out)'")
    }
    if let width { _ = try StyleFile.width(width) }
  }

  /// Where it goes and how it is set.
  ///
  /// - Throws: `EspalierError` for a style that is not understood.
  func output() throws -> FigureOutput {
    var setting = try style.map { name in try naming(location: "--style") { try StyleFile.style(name) } } ?? FigureStyle()
    if let width { setting.width = try StyleFile.width(width, of: style.flatMap { try? StyleFile.preset($0) }) }
    if dark { setting.theme = .dark }
    return FigureOutput(out, style: setting, command: CommandText.text)
  }

  /// Positions in a data set, with commas between them.
  ///
  /// - Throws: `ValidationError` for what is no position.
  static func positions(_ text: String) throws -> [Int] {
    let positions = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard positions.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
      throw ValidationError("expected positions in the data from 0, such as 3,17,40")
    }
    return positions.compactMap { $0 }
  }

  /// Numbers of filters, with commas between them.
  ///
  /// - Throws: `ValidationError` for what is none.
  static func numbers(_ text: String) throws -> [Int] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
      throw ValidationError("expected numbers, such as 3,17,40")
    }
    return numbers.compactMap { $0 }
  }

  /// Names with commas between them.
  ///
  /// - Throws: `ValidationError` if one is empty.
  static func names(_ text: String) throws -> [String] {
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("expected names, such as cat/1.png,dog/7.png") }
    return names
  }

  /// Prints a line of talk, unless none is wanted.
  func say(_ text: String) { talk.say(text) }
}
