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
      objects come from the column mask of a csv file, or from the transparency of PNG files. A mean over the pictures is \
      followed by their standard deviation and number. A composite may be a TOML file of rules, as `espalier relevance --help` \
      explains.

        espalier measure vgg.onnx --data folder:cutouts --method epsilon_plus \\
          --method smoothgrad:n=50 --method random

      Attributors, with their defaults: \(AttributorCatalog.forms.joined(separator: "; ")).

      Composites: \(CompositeCatalog.names.joined(separator: ", ")).

      Measures, with their defaults: \(MeasureCatalog.forms.joined(separator: "; ")).
      """)

  @OptionGroup var model: ModelOptions
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
      "Whose relevance: label, predicted, or the number of a class (default: label, or predicted without labels).",
      valueName: "class"),
    completion: .targets, transform: { try RelevanceTarget(text: $0) })
  var target: RelevanceTarget?

  @Option(help: "What relevance starts from: one-hot (1) or logit (the output).")
  var start = RelevanceStart.oneHot

  @OptionGroup var options: RunOptions

  @Flag(
    help:
      "Print JSON, with curves: pictures, masks, methods[] (method, measures[] (name, mean, spread, pictures, curve, points)).")
  var json = false

  private static let methods = ["epsilon_plus", "gradient", "input-x-gradient", "grad-cam", "random"]
  private static let measures = [PointingGameMeasure.name, MassAccuracyMeasure.name]

  func run() throws {
    let run = MeasureRun(
      methods: try (method.isEmpty ? MeasureCommand.methods : method).map { try ExplanationMethod($0) },
      measures: try (measure.isEmpty ? MeasureCommand.measures : measure).map { try MeasureCatalog.measure($0) },
      target: target, start: start, batch: options.batch)
    let report = try options.run { context in
      try run.run(model.load(context), on: data.request(classes: classes.classes), context)
    }
    if json { return try StandardOutput.json(report) }
    let columns =
      report.methods.first?.measures.flatMap { [($0.name, Table.Alignment.right), ("±", .right), ("n", .right)] } ?? []
    let table = Table(
      columns: [("method", .left)] + columns,
      rows: report.methods.map { method in
        [method.method]
          + method.measures.flatMap { entry in
            [entry.mean, entry.spread].map { $0.map { String(format: "%.4f", $0) } ?? "–" } + [entry.pictures.grouped]
          }
      })
    try StandardOutput.line(table.text)
  }
}
