import ArgumentParser
import Datasets
import Experiments
import Results
import Tensors

/// `espalier figure gallery`.
struct GalleryFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gallery", abstract: "Draw the images for which filters are most relevant or most active.",
    discussion: """
      Filters of a layer, those with the greatest value first, each with its images, the greatest first. Numbers are the greatest and \
      the least of those shown: relevance R, or activation a.

        espalier relevance vgg.onnx --data fashion-mnist:test --maps none --top 6 --out top.h5
        espalier figure gallery top.h5 --data fashion-mnist:test --layer conv4 --out gallery.pdf
        espalier figure gallery top.h5 --data fashion-mnist:test --layer conv4 --by activation --filters 3,17 --out two.pdf
      """)

  @Argument(help: "A file that `espalier relevance --top` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(
    help: ArgumentHelp("The images that it was computed for.", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec

  @OptionGroup var classes: ClassOptions

  @Option(help: ArgumentHelp("The layer.", valueName: "name"))
  var layer: String

  @Option(help: "What images are greatest by: relevance or activation.")
  var by = Kind.relevance

  /// The choices of --by.
  enum Kind: String, CaseIterable, ExpressibleByArgument { case relevance, activation }

  @Option(
    help: ArgumentHelp("The filters, by number (default: those with the greatest value).", valueName: "n,…"),
    transform: FigureOptions.numbers)
  var filters: [Int]?

  @OptionGroup var grid: FilterGridOptions

  @Option(help: ArgumentHelp("The title (default: the layer, and what is shown).", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    let run = GalleryRun(
      layer: layer, kind: by == .relevance ? .relevance : .activation, filters: filters, limit: grid.limit, images: grid.images,
      columns: grid.columns, title: title)
    let count = try run.write(file, data: DataRequest(data, classes: classes.classes), to: output.output())
    output.say("\(output.out): \(count.of("filter")) of \(layer)")
  }
}
