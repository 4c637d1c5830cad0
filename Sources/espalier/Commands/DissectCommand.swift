import Analysis
import ArgumentParser
import Datasets
import Experiments
import Foundation
import Tensors

/// `espalier dissect`.
struct DissectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dissect", abstract: "Compare what every filter fires on with concepts that people named.",
    discussion: """
      Network dissection: a filter fires where its feature map, bilinearly upsampled to the size of the masks, exceeds its \
      threshold; its overlap with a concept is the intersection over union of these pixels and the concept's over the whole data \
      set. On each image, and for each concept that it shows, the filters that overlap best get a vote. A first pass finds the \
      thresholds. A run that was stopped goes on with the same command.

        espalier dissect vgg.onnx --data fashion-mnist:test --concepts foreground:0 --out dissection.h5
        espalier dissect mobilenet.onnx --data folder:cutouts --concepts alpha --site block --out dissection.h5
        espalier dissect vgg.onnx --data fashion-mnist:test --concepts foreground:0 --out dissection.h5 --report report

      --report writes a page for a browser, report/index.html, that needs nothing beside itself: filters with the images that excite \
      them most, a short pass over those images more.
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions
  @OptionGroup var sites: SiteOptions

  @Option(
    help: ArgumentHelp("Where the masks come from: \(ConceptSpec.forms).", valueName: "spec"),
    completion: .concepts, transform: { try ConceptSpec($0) })
  var concepts: ConceptSpec

  @OptionGroup var parameters: ConceptOptions

  @Option(
    help: ArgumentHelp(
      "A file of dissect or score to take thresholds from, of the same network and --site, instead of a first pass.",
      valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var thresholds: String?

  @Option(help: ArgumentHelp("The file to write, HDF5.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String

  @Option(
    help: ArgumentHelp("A folder for a page that shows what was found.", valueName: "folder"), completion: .directory)
  var report: String?

  @Option(
    help: ArgumentHelp("The most filters of a layer that the report shows, of every concept the best.", valueName: "n"))
  var reportFilters = 64

  @Option(help: ArgumentHelp("The images that the report shows of each of them.", valueName: "n"))
  var reportImages = 6

  @Flag(help: "Print JSON: layers with their filters, detectors, concepts and best filter.")
  var json = false

  @OptionGroup var parts: PartOptions
  @OptionGroup var options: RunOptions

  func validate() throws {
    guard 1...100_000 ~= reportFilters else { throw ValidationError("--report-filters is 1 to 100000, not \(reportFilters)") }
    guard 1...100 ~= reportImages else { throw ValidationError("--report-images is 1 to 100, not \(reportImages)") }
  }

  private struct Row: Encodable {
    var layer: String
    var filters: Int
    var detectors: Int
    var concepts: Int
    var best: String?
    var bestFilter: Int?
    var bestIoU: Double?
  }

  func run() throws {
    let part = try parts.resolved(out, options)
    let request = self.report.map { ReportRequest($0, filters: reportFilters, images: reportImages) }
    let run = ScoreRun(
      .dissection, sites: sites.request, concepts: concepts, quantile: parameters.quantile, thresholds: thresholds,
      voteShare: parameters.voteShare, batch: options.batch, out: part?.out ?? out, report: request)
    if let (part, out) = part {
      let report = try options.run { try run.run(part, of: model.load($0), on: data.request(classes: classes.classes), $0) }
      return parts.say(report, out, "dissect", options)
    }
    let report = try options.run { try run.run(model.load($0), on: data.request(classes: classes.classes), $0) }
    if let request { say(request, report) }
    try DissectCommand.print(report, json: json)
    if !json { options.say("\(out): dissection of \(report.layers.count.of("layer")) on \(report.images.of("image"))") }
  }

  /// Prints the layers with their detectors.
  static func print(_ report: FilterReport, json: Bool) throws {
    let rows = report.layers.compactMap { layer -> Row? in
      guard let result = layer.dissection, let vocabulary = report.vocabulary else { return nil }
      let best = (0..<layer.layer.channels).compactMap { channel in result.best(channel).map { (channel, $0) } }
        .max { $0.1.overlap < $1.1.overlap }
      return Row(
        layer: layer.title, filters: layer.layer.channels, detectors: result.detectors.count,
        concepts: Set(result.detectors.compactMap { result.best($0)?.concept }).count,
        best: best.map { vocabulary.concepts[$0.1.concept].name }, bestFilter: best?.0,
        bestIoU: best.map { Double($0.1.overlap) })
    }
    if json { return try StandardOutput.json(rows) }
    let table = Table(
      columns: [
        ("layer", .left), ("filters", .right), ("detectors", .right), ("concepts", .right), ("best filter", .right),
        ("IoU", .right),
        ("concept", .left),
      ],
      rows: rows.map { row in
        [
          row.layer, "\(row.filters)", "\(row.detectors)", "\(row.concepts)", row.bestFilter.map(String.init) ?? "",
          row.bestIoU.map { String(format: "%.3f", $0) } ?? "", row.best ?? "",
        ]
      })
    try StandardOutput.line(table.text)
  }

  /// Tells where the report is, and how large.
  private func say(_ request: ReportRequest, _ report: FilterReport) {
    let shown = report.layers.map { $0.exemplars?.channels.count ?? 0 }
    let size = (try? FileManager.default.attributesOfItem(atPath: request.page)[.size] as? Int) ?? nil
    let isCut = zip(shown, report.layers).contains { $0 < $1.layer.channels }
    options.say(
      "\(request.page): \(shown.reduce(0, +).of("filter")), \(String(format: "%.1f", Double(size ?? 0) / 1e6)) MB"
        + (isCut ? "; at most \(request.filters) a layer (--report-filters)" : ""))
  }
}
