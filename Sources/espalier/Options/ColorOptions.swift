import ArgumentParser
import Plotting

/// How relevance becomes colours.
struct ColorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The colours: a name, or a source such as 00f,80:fff,f00.", valueName: "name"), completion: .colours,
    transform: { text in
      _ = try Colormap(text)
      return text
    })
  var cmap = "coldnhot"

  @Option(help: "How relevance is scaled: symmetric (zero in the middle), absolute or unaligned.")
  var norm = RelevanceNorm.symmetric

  @Option(
    help: ArgumentHelp(
      "The colour map's level: below 1 keeps to its middle, above 1 reaches its ends sooner.", valueName: "level"))
  var level = 1.0

  func validate() throws {
    guard level > 0, level.isFinite else { throw ValidationError("--level is more than 0, not \(level)") }
  }
}

extension RelevanceNorm: ExpressibleByArgument {}
