import Analysis
import ArgumentParser
import Experiments
import Foundation
import Tensors

/// `espalier measure`.
struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Measure how good explanations are: methods in rows, measures in columns.",
    discussion: """
      A method is an attributor, a composite for its passes behind a slash, or a composite alone, which stands for lrp. Masks of \
      objects come from the column mask of a csv file, or from the transparency of PNG files. Measures that need masks are \
      left out where there are none, unless they are asked for. A mean over the images is followed by its interval of confidence of \
      95 % (Student's t) and their number; ↑ and ↓ say whether higher or lower speaks for a method. A composite may be a TOML file of rules, as `espalier relevance --help` \
      explains.

        espalier measure vgg.onnx --data folder:cutouts --method epsilon_plus \\
          --method smoothgrad:n=50 --method random

      Attributors, with their defaults: \(AttributorCatalog.forms.joined(separator: "; ")).

      Composites: \(CompositeCatalog.names.joined(separator: ", ")).

      Measures, with their defaults: \(MeasureCatalog.forms.joined(separator: "; ")).
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions

  @Option(
    help: ArgumentHelp(
      "What explains; may be repeated (default: \(MeasureCommand.methods.joined(separator: ", "))).",
      valueName: "attributor[/composite]"),
    completion: .methods,
    transform: { text in
      if !CompositeCatalog.isFile(text) { _ = try ExplanationMethod(text) }
      return text
    })
  var method: [String] = []

  @Option(
    help: ArgumentHelp(
      "What is measured; may be repeated (default: \(MeasureCommand.measures.joined(separator: ", "))).",
      valueName: "name[:key=value,…]"),
    completion: .measures,
    transform: { text in
      _ = try MeasureCatalog.measure(text)
      return text
    })
  var measure: [String] = []

  @Option(
    help: ArgumentHelp(
      "Whose relevance: label, predicted, data (each image's own), a class by its number or name, or classes against others, such as 990,-949 (default: label, or predicted without labels; with one output, that).",
      valueName: "class"),
    completion: .targets, transform: { try RelevanceTarget(text: $0) })
  var target: RelevanceTarget?

  @Option(help: "What relevance starts from: one-hot (1) or logit (the output).")
  var start = RelevanceStart.oneHot

  @Option(
    help: ArgumentHelp(
      "The numbers of every image: CSV (method, index, image, a column a measure) or, ending h5, HDF5.", valueName: "file"),
    completion: .file(extensions: ["csv", "h5"]))
  var out: String?

  @OptionGroup var parts: PartOptions
  @OptionGroup var options: RunOptions

  @Flag(
    help:
      "Print JSON, with curves: pictures, masks, methods[] (method, measures[] (name, better, mean, spread, interval, pictures, curve, points))."
  )
  var json = false

  private static let methods = ["epsilon_plus", "gradient", "input-x-gradient", "grad-cam", "random"]
  private static let measures = [
    PointingGameMeasure.name, MassAccuracyMeasure.name, SparsenessMeasure.name, PixelFlippingMeasure.name,
  ]

  func run() throws {
    let part = try parts.resolved(out, options)
    let run = MeasureRun(
      methods: try (method.isEmpty ? MeasureCommand.methods : method).map { try ExplanationMethod($0) },
      measures: try (measure.isEmpty ? MeasureCommand.measures : measure).map { try MeasureCatalog.measure($0) },
      target: target, start: start, batch: options.batch, isLenient: measure.isEmpty, out: part?.out ?? out)
    if let (part, out) = part {
      let report = try options.run { try run.run(part, of: model.load($0), on: data.request(classes: classes.classes), $0) }
      return parts.say(report, out, "measure", options)
    }
    let report = try options.run { context in
      try run.run(model.load(context), on: data.request(classes: classes.classes), context)
    }
    try MeasureCommand.print(report, json: json)
  }

  /// Prints methods in rows and measures in columns.
  static func print(_ report: MeasureReport, json: Bool) throws {
    if json { return try StandardOutput.json(report) }
    let columns =
      report.methods.first?.measures.flatMap {
        [("\($0.name) \($0.better == .higher ? "↑" : "↓")", Table.Alignment.right), ("95 %", .right), ("n", .right)]
      } ?? []
    let table = Table(
      columns: [("method", .left)] + columns,
      rows: report.methods.map { method in
        [method.method]
          + method.measures.flatMap { entry in
            [
              entry.mean.map { String(format: "%.4f", $0) } ?? "–",
              entry.interval.map { String(format: "%.4f…%.4f", $0[0], $0[1]) } ?? "–", entry.images.grouped,
            ]
          }
      })
    try StandardOutput.line(table.text)
  }
}
