import ArgumentParser
import Experiments
import Tensors

/// `espalier figure training`.
struct TrainingFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "training", abstract: "Draw loss and accuracy over the epochs of training.",
    discussion: """
      Several tables are told apart by their files' names.

        espalier figure training vgg.csv --out training.pdf
      """)

  @Argument(
    help: "Tables of epochs, which `espalier train` and `tune` leave beside networks.", completion: .file(extensions: ["csv"]))
  var files: [String]

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try TrainingFigureRun(title: title).write(files, to: output.output())
    output.say("\(output.out): \(files.count.of("table"))")
  }
}
