import ArgumentParser
import Experiments

/// `espalier figure flipping`.
struct FlippingFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flipping", abstract: "Draw curves of pixel flipping, insertion and deletion.",
    discussion: """
      A panel a measure, a curve a method of explanation.

        espalier measure vgg.onnx --data fashion-mnist:test --limit 100 --json > measures.json
        espalier figure flipping measures.json --out flipping.pdf
      """)

  @Argument(help: "What `espalier measure --json` printed.", completion: .file(extensions: ["json"]))
  var file: String

  @Option(help: ArgumentHelp("A measure; may be repeated (default: all that have curves).", valueName: "name"))
  var measure: [String] = []

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try FlippingRun(measures: measure, title: title).write(file, to: output.output())
    output.say("\(output.out): the curves of \(file)")
  }
}
