import ArgumentParser
import Datasets
import Experiments
import Plotting
import Tensors

/// `espalier figure heatmap`.
struct HeatmapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heatmap", abstract: "Draw relevance maps in colours, beside their images.",
    discussion: """
      With --data, the images that the relevance was computed for are shown beside their maps; other data are refused. Captions \
      name the class, the predicted class and the class that is explained.

        espalier figure heatmap maps.h5 --data fashion-mnist:test --out maps.png
        espalier figure heatmap maps.h5 --per-class 5 --cmap bwr --out classes.pdf
        espalier figure heatmap maps.h5 --data folder:images --names cat/1.png,dog/7.png --out two.png
        espalier figure heatmap maps.h5 --sheet --limit 100 --out sheet.png
        espalier figure heatmap maps.h5 --limit 1000 --each --width 85mm --out figures/map.pdf
        espalier figure heatmap maps.h5 --scale shared --clip 99 --cmap RdBu_r --out compared.pdf

      Colour maps: \(Colormap.names.joined(separator: ", ")); each runs the other way with _r behind its name.
      """)

  @Argument(help: "A file that `espalier relevance` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(
    help: ArgumentHelp("The images that it was computed for.", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var classes: ClassOptions
  @OptionGroup var colors: ColorOptions

  @Option(
    help: ArgumentHelp("These images, by their positions in the data from 0, in this order.", valueName: "n,…"),
    transform: FigureOptions.positions)
  var index: [Int]?

  @Option(
    help: ArgumentHelp("These images of --data, by their names, in this order.", valueName: "name,…"),
    transform: FigureOptions.names)
  var names: [String]?

  @Option(help: ArgumentHelp("The most images (default: 12; with --per-class all).", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("The first n images of each class, one row a class.", valueName: "n"))
  var perClass: Int?

  @Flag(help: "Draw maps alone, without captions and gaps.")
  var sheet = false

  @Flag(help: "Lay relevance over images as lines at 25, 50 and 75 % of its scale, instead of in colours; with --data.")
  var contours = false

  @Flag(help: "Draw every image into a file of its own, with its position in the data before the ending of --out.")
  var each = false

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func validate() throws {
    let choices = [
      ("--index", index != nil), ("--names", names != nil), ("--limit", limit != nil), ("--per-class", perClass != nil),
    ]
    let chosen = choices.filter(\.1).map(\.0)
    if index != nil || names != nil, chosen.count > 1 {
      throw ValidationError("\(chosen.joined(separator: " and ")) choose images in different ways; give one")
    }
    if let limit, !(1...10_000 ~= limit) { throw ValidationError("--limit is 1 to 10000, not \(limit)") }
    if let perClass, !(1...100 ~= perClass) { throw ValidationError("--per-class is 1 to 100, not \(perClass)") }
    if contours, data == nil || sheet || perClass != nil {
      throw ValidationError("--contours lie over images, of --data, and go with neither --sheet nor --per-class")
    }
    if each, sheet || perClass != nil {
      throw ValidationError("--each goes with neither --sheet nor --per-class")
    }
    if sheet, !output.out.lowercased().hasSuffix(".png") {
      throw ValidationError("--out ends in .png with --sheet, not '\(output.out)'")
    }
  }

  func run() throws {
    let run = HeatmapRun(
      norm: colors.norm, colormap: colors.cmap, level: colors.level, scale: colors.ends,
      limit: limit ?? (perClass == nil ? 12 : 10_000),
      perClass: perClass, indices: index, names: names, isSheet: sheet, hasContours: contours, isEach: each, title: title)
    let count = try run.write(file, data: data.map { DataRequest($0, classes: classes.classes) }, to: output.output())
    output.say("\(output.out): \(count.of("relevance map"))")
  }
}
