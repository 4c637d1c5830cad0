import ArgumentParser
import Experiments
import Tensors

/// `espalier figure references`.
struct ReferencesFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "references", abstract: "Draw accuracy after pruning over the number of reference samples.",
    discussion: """
      A panel a data set, a curve a criterion, as in figure 3 of Yeom et al. 2021. Logs are those that `espalier-toy` leaves, or their \
      program prints: a line a pruning, such as dataset:mult-criterion:lrp-n:80-s:3-scenario:train-stage:post 91.2

        espalier figure references Output/toy/log-*.txt --published Output/toy/published.txt --out references.pdf
      """)

  @Argument(help: "Logs, one a network.", completion: .file(extensions: ["txt"]))
  var files: [String]

  @Option(
    help: ArgumentHelp("A log of others, whose means are drawn as outlines.", valueName: "file"),
    completion: .file(extensions: ["txt"]))
  var published: String?

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try ReferencesRun(title: title).write(files, published: published, to: output.output())
    output.say("\(output.out): \(files.count.of("log"))")
  }
}
