import ArgumentParser
import Experiments

/// `espalier figure groups`.
struct GroupsFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "groups", abstract: "Draw a network's layers with the channels that go together.",
    discussion: """
      Layers on one line lose channels together, as those of a residual stage do. Hollow dots must stay, for the reason beside them.

        espalier figure groups resnet50.onnx --out groups.pdf
      """)

  @Argument(help: "A network.", completion: .file(extensions: ["onnx"]))
  var file: String

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try PruningFigureRun.drawGroups(file, title: title, to: output.output())
    output.say("\(output.out): the channel groups of \(file)")
  }
}
