import ArgumentParser

/// What a named architecture is made for.
struct ArchitectureOptions: ParsableArguments {
  @Option(
    name: .customLong("classes"),
    help: ArgumentHelp("The number of outputs (default: the architecture's own; in train the data's).", valueName: "k"))
  var classes: Int?

  @Option(
    help: ArgumentHelp(
      "Channels, height and width of the images (default: the architecture's own; in train the data's).", valueName: "c,h,w"),
    transform: ArchitectureOptions.lengths)
  var input: [Int]?

  private static func lengths(_ text: String) throws -> [Int] {
    let lengths = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Int($0) }
    guard lengths.count == 3, lengths.allSatisfy({ $0 > 0 }) else {
      throw ValidationError("expected three numbers, such as 1,28,28")
    }
    return lengths
  }
}
