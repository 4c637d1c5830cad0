import Analysis
import ArgumentParser
import Datasets
import Experiments
import Foundation
import Networks
import Pruning
import Tensors
import Training

/// `espalier prune`.
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Make a network smaller by scores, under a budget, with proof.",
    discussion: """
      Channels that can only go together, such as those of a residual stage, are scored and removed together (espalier inspect \
      --groups lists them). The file written, read again, is run beside the network with masks; a run of which an output differs by \
      more than 1e-4 of its scale fails. Means over channels, and what layer norms take over them, are those of the channels that stay, \
      in both. The file keeps the element types, operator set, names and declarations of the one read. A run that was stopped goes on with the same command.

        espalier prune vgg.onnx --criterion lrp --data fashion-mnist:train --per-class 10 --budget macs=0.5 --out small.onnx
        espalier prune vgg.onnx --criterion l1 --budget filters=0.5 --scope layer --out small.onnx
        espalier prune vgg.onnx --scores scores.h5 --criterion votes --budget parameters=0.3 --round 8 --out small.onnx
        espalier prune vgg.onnx --criterion l1 --criterion lrp --combine mean-rank --data fashion-mnist:train --per-class 10 \
      --budget macs=0.5 --reconstruct scales --out small.onnx
        espalier prune vgg.onnx --criterion taylor-2017 --data fashion-mnist:train --budget macs=0.25 --steps 5 --tune 1 \
      --out small.onnx

      \(ScoringOptions.criteria) \
      Several criteria become one with --combine: weights=A,B,… adds up their normalised scores, mean-rank takes the mean position. \
      data-free and divnet let the filters that stay take over. --reconstruct fits the layers behind pruned ones anew, by least \
      squares at positions of the images, after the proof: scales one factor an input channel, kernels all weights.
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var scoring: ScoringOptions

  @Option(
    help: ArgumentHelp(
      "What is kept: macs, parameters, filters, activations or latency, as a share.", valueName: "kind=share"),
    completion: .budgets,
    transform: { try Budget($0) })
  var budget: Budget?

  @Option(
    help: ArgumentHelp(
      "In place of a budget, the filters that layers keep, a number or a share below 1, with * and ? in names; or a JSON file of such; may be repeated.",
      valueName: "layer=width"))
  var widths: [String] = []

  @Option(
    help: ArgumentHelp(
      "In place of a budget, what goes: scores below mean, mean-1sd, 0.3sd of their group's scores, or below a number.",
      valueName: "bound"),
    transform: { try ScoreThreshold($0) })
  var threshold: ScoreThreshold?

  @Option(
    help: ArgumentHelp(
      "In place of a budget and scores, the channels that stay: those of a pruned network, or a JSON file of nodes and their kept channels.",
      valueName: "file"),
    completion: .file(extensions: ["onnx", "json"]))
  var kept: String?

  @Option(help: "Who competes: global, layer, block or structure (equal operators); arenas lose equal shares.")
  var scope = SelectionScope.global

  @Option(
    help: ArgumentHelp(
      "How layers are made comparable: none, sum, l2, max or rank (default: none for \(CriterionCatalog.comparable.joined(separator: ", ")); l2 for others and for several)."
    )
  )
  var normalise: ScoreNormalisation?

  @Option(help: "How scores of coupled filters become one: sum, mean, max or first.")
  var reduce = ScoreReduction.mean

  @Option(help: ArgumentHelp("Divide scores by what removing saves: macs, parameters, activations.", valueName: "kind"))
  var perSaving: Budget.Kind?

  @Option(help: ArgumentHelp("The least share of filters that a group of coupled layers keeps.", valueName: "share"))
  var floor = 0.05

  @Option(help: ArgumentHelp("Keep multiples of n filters.", valueName: "n"))
  var round = 1

  @Option(help: ArgumentHelp("Layers whose filters stay, with * and ?; may be repeated.", valueName: "glob"))
  var protect: [String] = []

  @Option(help: "What goes of grouped convolutions: equal-shares (of every group) or whole-groups.")
  var groups = GroupRemoval.equalShares

  @Option(help: "What goes of attention: equal-shares (the same widths of every head) or whole-heads.")
  var heads = HeadRemoval.equalShares

  @Option(help: ArgumentHelp("Reach the budget in n steps: score, prune, tune, and again.", valueName: "n"))
  var steps = 1

  @Option(
    help: ArgumentHelp("Images for criteria, tuning and the proof: \(DataSpec.forms).", valueName: "spec"),
    completion: .data, transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var picking: SelectionOptions
  @OptionGroup var classes: ClassOptions

  @Option(
    help: ArgumentHelp("Images that accuracy is measured on (default: those of --data).", valueName: "spec"),
    completion: .data, transform: { try DataSpec($0) })
  var validation: DataSpec?

  @Option(help: ArgumentHelp("Tune for n epochs after each step, on all images of --data.", valueName: "n"))
  var tune = 0

  @Option(
    help: ArgumentHelp(
      "The learning rate of tuning, which falls as a cosine (default: 0.02).",
      valueName: "rate"))
  var rate: Double?

  @Option(help: ArgumentHelp("Shift images of --tune by up to n pixels at random; 0 for not at all.", valueName: "n"))
  var padCrop = 2

  @Flag(inversion: .prefixedNo, help: "Mirror every other image of --tune.")
  var flip = true

  @Option(help: "Fit the layers behind pruned ones, on --data: none, scales or kernels.")
  var reconstruct = Reconstruction.Mode.none

  @Option(help: ArgumentHelp("The positions an image at which --reconstruct looks.", valueName: "n"))
  var reconstructPositions = 10

  @Option(help: ArgumentHelp("The ridge of --reconstruct, in parts of the mean square of an input.", valueName: "share"))
  var reconstructRidge = 1e-6

  @Option(help: ArgumentHelp("Time forward passes of n images before and after; 0 for not.", valueName: "n"))
  var latencyBatch = 1

  @Option(help: ArgumentHelp("The seed of tuning and of the proof's inputs.", valueName: "s"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("The file to write, ONNX.", valueName: "file"), completion: .file(extensions: ["onnx"]))
  var out: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: RunOptions

  func validate() throws {
    func check(_ isValid: Bool, _ message: String) throws { if !isValid { throw ValidationError(message) } }
    let rules = [budget != nil, !widths.isEmpty, threshold != nil, kept != nil].count { $0 }
    try check(rules == 1, "one of --budget, --widths, --threshold and --kept says what goes")
    try check(kept == nil || scoring.isEmpty, "--kept says which filters stay; it goes without --criterion and --scores")
    if kept == nil { try scoring.requireSource() }
    try check(steps == 1 || budget != nil, "--steps reaches a --budget")
    try check(0..<1 ~= floor, "--floor is 0 up to 1, not \(floor)")
    try check(1...4096 ~= round, "--round is 1 to 4096, not \(round)")
    try check(1...1000 ~= steps, "--steps is 1 to 1000, not \(steps)")
    try check(1...100_000 ~= reconstructPositions, "--reconstruct-positions is 1 to 100000, not \(reconstructPositions)")
    try check(
      reconstructRidge >= 0 && reconstructRidge.isFinite, "--reconstruct-ridge is 0 or more, not \(reconstructRidge)")
    try check(reconstruct == .none || data != nil, "--reconstruct needs images: --data SPEC")
    try check(0...TrainingSettings.mostEpochs ~= tune, "--tune is 0 to \(TrainingSettings.mostEpochs), not \(tune)")
    try check((rate ?? 1) > 0 && (rate ?? 1).isFinite, "--rate is above 0, not \(rate ?? 0)")
    try check(0...1024 ~= padCrop, "--pad-crop is 0 to 1024, not \(padCrop)")
    try check(0...4096 ~= latencyBatch, "--latency-batch is 0 to 4096, not \(latencyBatch)")
    try check(perSaving != .latency, "--per-saving counts macs, parameters, activations or filters")
  }

  func run() throws {
    let report = try options.run { context in try pruning.run(model.load(context), context) }
    if json { return try StandardOutput.json(report) }
    try StandardOutput.line(Self.text(report))
    options.say("\(out): \(report.criterion), \(report.budget); masked and pruned network differ by \(Self.proof(report))")
  }

  private var rule: SelectionRule {
    get throws {
      if let kept { return try .kept(kept) }
      if let threshold { return .threshold(threshold) }
      return try budget.map { .budget($0) } ?? .widths(widths.joined(separator: " "))
    }
  }

  private var pruning: PruneRun {
    get throws {
      func request(_ spec: DataSpec, isWhole: Bool = false) -> DataRequest {
        picking.request(spec, classes: classes.classes, isWhole: isWhole)
      }
      var step = PruneStep(
        scoring.scoring(data: data.map { request($0) }, normalisation: normalise, batch: options.batch, out: out),
        Selection(try rule, scope: scope, reduction: reduce, perSaving: perSaving, floor: floor, multiple: round))
      (step.protected, step.groups, step.heads, step.seed) = (protect, groups, heads, seed)
      step.reconstruction = Reconstruction(reconstruct, positions: reconstructPositions, ridge: reconstructRidge, seed: seed)
      var tuning: TuneStep?
      if tune > 0 {
        guard let data else { throw EspalierError("tuning needs images", location: "--tune", accepted: "--data SPEC") }
        tuning = TuneStep(
          TrainingRun(
            settings: TrainingSettings(
              epochs: tune, schedule: LearningRateSchedule(base: TuneStep.rate, shape: .cosine()), seed: seed),
            rate: rate, augmentation: TuneStep.augmentation(padCrop, flip), out: out), on: request(data, isWhole: true))
      }
      return PruneRun(
        step, steps: steps, tuning: tuning, validation: validation.map { request($0, isWhole: true) },
        latencyBatch: latencyBatch > 0 ? latencyBatch : nil, out: out)
    }
  }

  private static func proof(_ report: PruneReport) -> String {
    report.proof.outputs.map { output in
      String(format: "%.2g of an output of %.3g", output.greatestDifference, output.scale)
        + (report.proof.outputs.count > 1 ? " (\(output.name))" : "")
    }.joined(separator: ", ")
  }

  private static func text(_ report: PruneReport) -> String {
    var text = ComparisonTable.text(report.networks, more: [("filters that may go", report.filters)])
    if let accuracy = report.accuracy {
      text += String(
        format: "\n\n%@ on %@: %.2f %% before, %.2f %% pruned", accuracy.measure, accuracy.data, 100 * accuracy.before,
        100 * accuracy.pruned)
      if let tuned = accuracy.tuned { text += String(format: ", %.2f %% tuned", 100 * tuned) }
    }
    if let latency = report.latency { text += "\n" + LatencyText.line(latency) }
    if let profile = report.profile { text += "\n\n" + ProfileTable.text(profile) }
    if let layers = report.reconstruction {
      func share(_ value: Double?) -> String { value.map { String(format: "%.1f %%", 100 * $0) } ?? "–" }
      text += "\n\noutputs of fitted layers, ‖error‖ ÷ ‖output‖ on images held out, before and after:\n"
      text += layers.map { "  \($0.name): \(share($0.heldOutBefore)), \(share($0.heldOutAfter))" }.joined(separator: "\n")
    }
    return text
  }
}

extension Reconstruction.Mode: ExpressibleByArgument {}
extension SelectionScope: ExpressibleByArgument {}
extension ScoreNormalisation: ExpressibleByArgument {}
extension ScoreReduction: ExpressibleByArgument {}
extension GroupRemoval: ExpressibleByArgument {}
extension HeadRemoval: ExpressibleByArgument {}
extension Budget.Kind: ExpressibleByArgument {}
