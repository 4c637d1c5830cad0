import Analysis
import ArgumentParser
import Datasets
import Experiments
import Foundation
import Tensors

/// `espalier score`.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Score every filter by every criterion, from one pass over a data set.",
    discussion: """
      The HDF5 file holds scores/CRITERION/LAYER, one number a filter; the filter with the least counts least. Gradients are those \
      of each image's own loss; relevance follows --composite. Where there are masks a first pass finds thresholds, unless \
      --thresholds names a file that holds them. A run that was stopped goes on with the same command.

        espalier score vgg.onnx --data fashion-mnist:train --per-class 10 --criterion all --out scores.h5
        espalier score vgg.onnx --data fashion-mnist:test --criterion votes --concepts foreground:0 --out votes.h5

      Criteria: \
      \((ScoreCatalog.statistics.map { "\($0.name), \($0.summary)" } + ScoreCatalog.dissection.map { "\($0.name), \($0.summary)" }).joined(separator: "; ")).
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions
  @OptionGroup var sites: SiteOptions

  @Option(
    help: ArgumentHelp("A criterion, or all that the data allow; may be repeated (default: all).", valueName: "name"),
    completion: .scores,
    transform: NameChecks.score)
  var criterion: [String] = ["all"]

  @Option(
    help: ArgumentHelp("Where masks come from, for iou and votes: \(ConceptSpec.forms).", valueName: "spec"),
    completion: .concepts, transform: { try ConceptSpec($0) })
  var concepts: ConceptSpec?

  @OptionGroup var parameters: ConceptOptions

  @Option(
    help: ArgumentHelp(
      "A file of dissect or score to take thresholds from, of the same network and --site, instead of a first pass.",
      valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var thresholds: String?

  @Option(
    help: ArgumentHelp("The rules of relevance (default: \(CompositeCatalog.names[0])).", valueName: "name[:key=value,…]"),
    completion: .composites,
    transform: NameChecks.composite)
  var composite = CompositeCatalog.names[0]

  @Option(
    help: ArgumentHelp(
      "Whose loss and relevance: label, predicted, data, a class by its number or name, or for relevance classes against others, such as 990,-949 (default: label, or predicted without labels).",
      valueName: "class"),
    completion: .targets, transform: { try RelevanceTarget(text: $0) })
  var target: RelevanceTarget?

  @Option(help: "What relevance starts from: one-hot (1) or logit (the output).")
  var start = RelevanceStart.oneHot

  @Option(help: ArgumentHelp("The file to write, HDF5.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String

  @OptionGroup var parts: PartOptions
  @OptionGroup var options: RunOptions

  func run() throws {
    let part = try parts.resolved(out, options)
    let run = ScoreRun(
      .scores(criterion), sites: sites.request, concepts: concepts, quantile: parameters.quantile,
      thresholds: thresholds, voteShare: parameters.voteShare, composite: composite, target: target, start: start,
      batch: options.batch, out: part?.out ?? out)
    if let (part, out) = part {
      let report = try options.run { try run.run(part, of: model.load($0), on: data.request(classes: classes.classes), $0) }
      return parts.say(report, out, "score", options)
    }
    let report = try options.run { try run.run(model.load($0), on: data.request(classes: classes.classes), $0) }
    options.say(
      "\(out): \(report.criteria.joined(separator: ", ")) of \(report.layers.count.of("layer")) on \(report.images.of("image"))"
    )
  }
}
