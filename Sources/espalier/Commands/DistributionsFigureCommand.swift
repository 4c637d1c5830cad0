import ArgumentParser
import Experiments
import Plotting

/// `espalier figure distributions`.
struct DistributionsFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distributions", abstract: "Draw the distribution of scores in every layer.",
    discussion: """
      A panel a criterion, a violin or box a layer.

        espalier figure distributions scores.h5 --criterion variance --shape box --out distributions.pdf
      """)

  @Argument(help: "A file that `espalier score` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(
    help: ArgumentHelp("A criterion; may be repeated (default: all in the file).", valueName: "name"), completion: .criteria)
  var criterion: [String] = []

  @Option(help: ArgumentHelp("A layer; may be repeated (default: all).", valueName: "name"))
  var layer: [String] = []

  @Option(help: "What is drawn: violin or box.")
  var shape = DistributionMark.Shape.violin

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    let run = ScoresFigureRun(criteria: criterion, layers: layer, title: title)
    try run.writeDistributions(file, shape: shape, to: output.output())
    output.say("\(output.out): the scores of \(file)")
  }
}

extension DistributionMark.Shape: ExpressibleByArgument {}
