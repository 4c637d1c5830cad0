import ArgumentParser
import Experiments

/// `espalier figure confusion`.
struct ConfusionFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confusion", abstract: "Draw which classes are mistaken for which.",
    discussion: """
      True classes in rows, in percent of each; predictions are those that a file of relevance holds.

        espalier figure confusion maps.h5 --out confusion.pdf
      """)

  @Argument(help: "A file that `espalier relevance` wrote, of labelled images.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try ConfusionRun(title: title).writeMatrix(file, to: output.output())
    output.say("\(output.out): the predictions of \(file)")
  }
}
