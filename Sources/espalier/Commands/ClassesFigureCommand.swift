import ArgumentParser
import Experiments
import Tensors

/// `espalier figure classes`.
struct ClassesFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classes", abstract: "Draw the accuracy of every class, before and after.",
    discussion: """
      Of several files, such as of a network and what pruning made of it, bars stand side by side.

        espalier figure classes maps.h5 pruned-maps.h5 --out classes.pdf
      """)

  @Argument(help: "Files that `espalier relevance` wrote, of the same labelled images.", completion: .file(extensions: ["h5"]))
  var files: [String]

  @Option(help: ArgumentHelp("The name of a file in the legend; once a file, or not at all.", valueName: "text"))
  var caption: [String] = []

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try ConfusionRun(title: title).writeClasses(files, captions: caption, to: output.output())
    output.say("\(output.out): the predictions of \(files.count.of("file"))")
  }
}
