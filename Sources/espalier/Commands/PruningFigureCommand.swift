import ArgumentParser
import Experiments

/// `espalier figure pruning`.
struct PruningFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pruning", abstract: "Draw which filters a pruned network has kept.",
    discussion: """
      A row a layer, a cell a filter. With --scores, filters stand by their score, the darker the greater.

        espalier figure pruning small.onnx --out kept.png
        espalier figure pruning small.onnx --scores scores.h5 --criterion lrp --out kept.pdf
      """)

  @Argument(help: "A network that `espalier prune` wrote.", completion: .file(extensions: ["onnx"]))
  var file: String

  @Option(
    help: ArgumentHelp("Scores of the network before pruning, from `espalier score`.", valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var scores: String?

  @Option(help: ArgumentHelp("The criterion in --scores, where there are several.", valueName: "name"), completion: .criteria)
  var criterion: String?

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try PruningFigureRun.drawPruning(file, scores: scores, criterion: criterion, title: title, to: output.output())
    output.say("\(output.out): the filters that \(file) has kept")
  }
}
