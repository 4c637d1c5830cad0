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

  @Option(help: "Where the scale ends: each for every map by itself, or shared by all, so that their colours compare.")
  var scale = Scale.each

  @Option(
    help: ArgumentHelp(
      "The scale holds this share of |R|; what is greater is drawn as its end (default: 100).", valueName: "percent"))
  var clip = 100.0

  /// The choices of --scale.
  enum Scale: String, CaseIterable, ExpressibleByArgument { case each, shared }

  /// The scale of maps.
  var ends: RelevanceScale { RelevanceScale(isShared: scale == .shared, percentile: clip) }

  func validate() throws {
    guard 50...100 ~= clip else { throw ValidationError("--clip is 50 to 100, not \(clip)") }
    guard level > 0, level.isFinite else { throw ValidationError("--level is more than 0, not \(level)") }
  }
}

extension RelevanceNorm: ExpressibleByArgument {}
