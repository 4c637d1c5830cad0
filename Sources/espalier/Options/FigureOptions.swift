import ArgumentParser

/// Where a figure goes.
struct FigureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The file to write, PNG or PDF.", valueName: "file"), completion: .file(extensions: ["png", "pdf"]))
  var out: String

  @OptionGroup var talk: TalkOptions

  func validate() throws {
    guard [".png", ".pdf"].contains(where: { out.lowercased().hasSuffix($0) }) else {
      throw ValidationError("--out ends in .png or .pdf, not '\(out)'")
    }
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
