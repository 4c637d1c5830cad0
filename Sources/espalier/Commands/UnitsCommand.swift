import ArgumentParser
import Datasets
import Experiments
import Tensors

/// `espalier figure units`.
struct UnitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "units", abstract: "Draw filters of a layer with the images that excite them most.",
    discussion: """
      Images keep a fifth of their light where the filter stays at or under its threshold.

        espalier figure units dissection.h5 --data fashion-mnist:test --layer conv4 --out units.png
        espalier figure units dissection.h5 --data fashion-mnist:test --layer conv4 --filters 3,17,40 --out units.pdf
      """)

  @Argument(help: "A file that `espalier dissect --report` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(
    help: ArgumentHelp("The images that it was computed for.", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec

  @OptionGroup var classes: ClassOptions

  @Option(help: ArgumentHelp("The layer.", valueName: "name"))
  var layer: String

  @Option(
    help: ArgumentHelp("The filters, by number (default: the first of the order).", valueName: "n,…"),
    transform: FigureOptions.numbers)
  var filters: [Int]?

  @Option(help: "What comes first: iou, votes, concept or filter.")
  var order = UnitsRun.Order.iou

  @OptionGroup var grid: FilterGridOptions

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    let run = UnitsRun(
      layer: layer, filters: filters, order: order, limit: grid.limit, images: grid.images, columns: grid.columns, title: title)
    let count = try run.write(file, data: DataRequest(data, classes: classes.classes), to: output.output())
    output.say("\(output.out): \(count.of("filter")) of \(layer)")
  }
}

extension UnitsRun.Order: ExpressibleByArgument {}
