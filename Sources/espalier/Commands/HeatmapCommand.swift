import ArgumentParser
import Datasets
import Experiments
import Plotting

/// `espalier figure heatmap`.
struct HeatmapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heatmap", abstract: "Draw relevance maps in colours, beside their pictures.",
    discussion: """
      With --data, the pictures that the relevance was computed for are shown beside their maps.

        espalier figure heatmap maps.h5 --data fashion-mnist:test --out maps.png
        espalier figure heatmap maps.h5 --per-class 5 --cmap bwr --out classes.pdf
        espalier figure heatmap maps.h5 --sheet --limit 100 --out sheet.png

      Colour maps: \(Colormap.names.joined(separator: ", ")).
      """)

  @Argument(help: "A file that `espalier relevance` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(help: ArgumentHelp("The pictures that it was computed for.", valueName: "spec"), transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var colors: ColorOptions

  @Option(help: ArgumentHelp("The most pictures (default: 12; with --per-class all).", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("The first n pictures of each class, one row a class.", valueName: "n"))
  var perClass: Int?

  @Flag(help: "Draw maps alone, without captions and gaps.")
  var sheet = false

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @Option(help: ArgumentHelp("The file to write, PNG or PDF.", valueName: "file"), completion: .file(extensions: ["png", "pdf"]))
  var out: String

  func validate() throws {
    if let limit, !(1...10_000 ~= limit) { throw ValidationError("--limit is 1 to 10000, not \(limit)") }
    if let perClass, !(1...100 ~= perClass) { throw ValidationError("--per-class is 1 to 100, not \(perClass)") }
    let endings = sheet ? [".png"] : [".png", ".pdf"]
    guard endings.contains(where: { out.lowercased().hasSuffix($0) }) else {
      throw ValidationError("--out ends in \(endings.joined(separator: " or ")), not '\(out)'")
    }
  }

  func run() throws {
    let run = HeatmapRun(
      norm: colors.norm, colormap: colors.cmap, level: colors.level, limit: limit ?? (perClass == nil ? 12 : 10_000),
      perClass: perClass,
      isSheet: sheet,
      title: title)
    let count = try run.write(file, data: data, to: out)
    StandardError.line("\(out): \(count) relevance maps")
  }
}
