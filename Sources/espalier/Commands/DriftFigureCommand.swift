import ArgumentParser
import Datasets
import Experiments
import Tensors

/// `espalier figure drift`.
struct DriftFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift", abstract: "Draw relevance before and after compression, and how far it has drifted.",
    discussion: """
      Two files of relevance of the same images, such as of a network and of what pruning made of it. Beside each image stand the cosine \
      of its two maps, and Spearman's correlation of their ranks; below, both over all images that the files have in common.

        espalier figure drift maps.h5 pruned-maps.h5 --data fashion-mnist:test --out drift.pdf
        espalier figure drift maps.h5 pruned-maps.h5 --data fashion-mnist:test --order drift --scale shared --out worst.pdf
      """)

  @Argument(help: "Two files that `espalier relevance` wrote: before and after.", completion: .file(extensions: ["h5"]))
  var files: [String]

  @Option(
    help: ArgumentHelp("The images that they were computed for.", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var classes: ClassOptions
  @OptionGroup var colors: ColorOptions

  @Option(help: "Which images come first: data (those at the beginning) or drift (those whose maps are least alike).")
  var order = DriftRun.Order.data

  @Option(help: ArgumentHelp("The most images.", valueName: "n"))
  var limit = 6

  @Option(
    help: ArgumentHelp("These images, by their positions in the data from 0, in this order.", valueName: "n,…"),
    transform: FigureOptions.positions)
  var index: [Int]?

  @Option(
    help: ArgumentHelp("The title over a column of maps; twice, or not at all (default: Before, After).", valueName: "text"))
  var caption: [String] = []

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func validate() throws {
    guard files.count == 2 else { throw ValidationError("drift is between two files, not \(files.count)") }
    guard 1...10_000 ~= limit else { throw ValidationError("--limit is 1 to 10000, not \(limit)") }
    guard [0, 2].contains(caption.count) else { throw ValidationError("--caption is given twice, or not at all") }
  }

  func run() throws {
    let run = DriftRun(
      norm: colors.norm, colormap: colors.cmap, level: colors.level, scale: colors.ends, order: order, limit: limit,
      indices: index,
      captions: caption.isEmpty ? ["Before", "After"] : caption, title: title)
    let means = try run.write(files, data: data.map { DataRequest($0, classes: classes.classes) }, to: output.output())
    output.say("\(output.out): \(means)")
  }
}

extension DriftRun.Order: ExpressibleByArgument {}
