import ArgumentParser
import Experiments

/// `espalier figure scatter`.
struct ScatterFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scatter", abstract: "Draw two criteria against each other, layer by layer.",
    discussion: """
      A panel a layer, a point a filter, with Spearman's rank correlation over each.

        espalier figure scatter scores.h5 --criterion lrp --criterion taylor-2019 --out scatter.pdf
      """)

  @Argument(help: "A file that `espalier score` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(
    help: ArgumentHelp("A criterion; twice, the first along x (default: the two of the file).", valueName: "name"),
    completion: .criteria)
  var criterion: [String] = []

  @Option(help: ArgumentHelp("A layer; may be repeated (default: all).", valueName: "name"))
  var layer: [String] = []

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try ScoresFigureRun(criteria: criterion, layers: layer, title: title).writeScatter(file, to: output.output())
    output.say("\(output.out): the scores of \(file)")
  }
}
