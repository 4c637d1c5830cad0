import ArgumentParser
import Experiments

/// `espalier figure sensitivity`.
struct SensitivityFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity", abstract: "Draw how much accuracy single layers cost when they lose filters.",
    discussion: """
      A row a layer, a column a share of its filters; the darker, the more is lost.

        espalier figure sensitivity sweep.json --out sweep.pdf
      """)

  @Argument(help: "A file that `espalier sensitivity` wrote.", completion: .file(extensions: ["json"]))
  var file: String

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try SensitivityRun.draw(file, title: title, to: output.output())
    output.say("\(output.out): the sweep of \(file)")
  }
}
