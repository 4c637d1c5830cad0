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

  @Option(
    help: ArgumentHelp("The colours: a name, or a source such as 00f,80:fff,f00.", valueName: "name"),
    transform: { text in
      _ = try Colormap(text)
      return text
    })
  var cmap = "coldnhot"

  @Option(help: "How relevance is scaled: symmetric (zero in the middle), absolute or unaligned.")
  var norm = RelevanceNorm.symmetric

  @Option(
    help: ArgumentHelp(
      "The colour map's level: below 1 keeps to its middle, above 1 reaches its ends sooner.", valueName: "level"))
  var level = 1.0

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
    guard level > 0, level.isFinite else { throw ValidationError("--level is more than 0, not \(level)") }
    let endings = sheet ? [".png"] : [".png", ".pdf"]
    guard endings.contains(where: { out.lowercased().hasSuffix($0) }) else {
      throw ValidationError("--out ends in \(endings.joined(separator: " or ")), not '\(out)'")
    }
  }

  func run() throws {
    let run = HeatmapRun(
      norm: norm, colormap: cmap, level: level, limit: limit ?? (perClass == nil ? 12 : 10_000), perClass: perClass,
      isSheet: sheet,
      title: title)
    let count = try run.write(file, data: data, to: out)
    StandardError.line("\(out): \(count) relevance maps")
  }
}

extension RelevanceNorm: ExpressibleByArgument {}
