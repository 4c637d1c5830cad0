import Analysis
import ArgumentParser
import Datasets
import Experiments
import Foundation
import Tensors

/// `espalier stats`.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Compute statistics of every filter in one pass over a data set.",
    discussion: """
      The HDF5 file holds stats/LAYER/NAME, one number a filter or a row of numbers. Statistics that need gradients take those of \
      each image's own loss; those that need relevance take --composite. A run that was stopped goes on with the same command.

        espalier stats vgg.onnx --data fashion-mnist:test --out stats.h5
        espalier stats vgg.onnx --data fashion-mnist:test --site activation --statistic zeros --out zeros.h5
        espalier stats vgg.onnx --data fashion-mnist:test --statistic quantiles:at=0.9/0.99,thinning=4 --out quantiles.h5

      Statistics: \(StatisticCatalog.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ")).

      Parameters, with their defaults: \
      \(StatisticCatalog.forms.filter { $0.contains(":") }.joined(separator: "; ")). Of thinning=N positions one is observed, drawn \
      for each image; positions are drawn in each image.
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions
  @OptionGroup var sites: SiteOptions

  @Option(
    help: ArgumentHelp(
      "What is computed; may be repeated (default: \(StatisticCatalog.standard.map { $0.name }.joined(separator: ", "))).",
      valueName: "name[:key=value,…]"), completion: .statistics, transform: NameChecks.statistic)
  var statistic: [String] = []

  @Option(
    help: ArgumentHelp("The rules of relevance (default: \(CompositeCatalog.names[0])).", valueName: "name[:key=value,…]"),
    completion: .composites,
    transform: NameChecks.composite)
  var composite = CompositeCatalog.names[0]

  @Option(help: ArgumentHelp("The file to write, HDF5.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String

  @OptionGroup var parts: PartOptions
  @OptionGroup var options: RunOptions

  func run() throws {
    let names = statistic.isEmpty ? StatisticCatalog.standard.map { $0.name } : statistic
    let part = try parts.resolved(out, options)
    let run = ScoreRun(
      .statistics(names), sites: sites.request, composite: composite, batch: options.batch, out: part?.out ?? out)
    if let (part, out) = part {
      let report = try options.run { try run.run(part, of: model.load($0), on: data.request(classes: classes.classes), $0) }
      return parts.say(report, out, "stats", options)
    }
    let report = try options.run { try run.run(model.load($0), on: data.request(classes: classes.classes), $0) }
    options.say(
      "\(out): \(names.joined(separator: ", ")) of \(report.layers.count.of("layer")) on \(report.images.of("image"))")
  }
}
