import ArgumentParser
import Experiments

/// `espalier figure filters`.
struct FiltersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "filters", abstract: "Draw scores of filters: bars, or how criteria rank alike.",
    discussion: """
      One criterion is drawn as bars, a filter each. Of several, Spearman's correlation of their ranks: in one layer, or the mean over \
      all layers.

        espalier figure filters scores.h5 --layer conv4 --criterion taylor-2019 --out bars.png
        espalier figure filters scores.h5 --out ranks.pdf
      """)

  @Argument(help: "A file that `espalier score` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(help: ArgumentHelp("The layer (default: all, for correlations).", valueName: "name"))
  var layer: String?

  @Option(
    help: ArgumentHelp("A criterion; may be repeated (default: all in the file).", valueName: "name"), completion: .criteria)
  var criterion: [String] = []

  @Flag(help: "Keep the filters' own order.")
  var unsorted = false

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    let run = FiltersRun(layer: layer, criteria: criterion, isSorted: !unsorted, title: title)
    let drawn = try run.write(file, to: output.output())
    output.say("\(output.out): \(drawn)")
  }
}
