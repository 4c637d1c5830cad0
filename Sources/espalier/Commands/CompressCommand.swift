import ArgumentParser
import Compression
import Datasets
import Experiments
import Foundation
import Tensors

/// `espalier compress`.
struct CompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress", abstract: "Compress a network by a chain of steps.",
    discussion: """
      Each step begins from the network that the one before has made. The file carries the record of all steps (espalier inspect \
      --record): what each depended on, began from and promised, what the network took before and after it, and how good it was. A \
      run that was stopped goes on with the same command; with --store, chains that begin alike share their beginning, also \
      between processes at the same time.

        espalier compress vgg.onnx --data fashion-mnist:train --per-class 10 --validation fashion-mnist:test \
      --step prune:criterion=lrp,budget=macs=0.5 --step tune:epochs=5 --out small.onnx
        espalier compress vgg.onnx --data fashion-mnist:train --steps chain.toml --store steps --out small.onnx

      espalier help steps lists the steps and their keys. Images that a step needs are those of --data, chosen by --skip, --limit \
      and --per-class for scores and proofs, and all of them for tuning.
      """)

  @OptionGroup var model: FedModelOptions

  @Option(
    help: ArgumentHelp(
      "A step; may be repeated. A value with commas stands in parentheses.", valueName: "name[:key=value,…]"),
    completion: .list(StepCatalog.all.map { $0.name + ":" }))
  var step: [String] = []

  @Option(
    help: ArgumentHelp("A TOML file of steps, a table [[step]] for each.", valueName: "file"),
    completion: .file(extensions: ["toml"]))
  var steps: String?

  @Option(
    help: ArgumentHelp("Images for the steps: \(DataSpec.forms).", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var picking: SelectionOptions
  @OptionGroup var classes: ClassOptions

  @Option(
    help: ArgumentHelp(
      "Images that accuracy is measured on, before and after every step (default: those of --data).", valueName: "spec"),
    completion: .data, transform: { try DataSpec($0) })
  var validation: DataSpec?

  @Option(
    help: ArgumentHelp(
      "A folder that keeps every step, for other chains to share (default: one beside --out, until that is whole).",
      valueName: "dir"), completion: .directory)
  var store: String?

  @Option(help: ArgumentHelp("Time forward passes of n images before and after; 0 for not.", valueName: "n"))
  var latencyBatch = 1

  @Option(help: ArgumentHelp("The seed of steps that do not say theirs.", valueName: "s"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("The file to write, ONNX.", valueName: "file"), completion: .file(extensions: ["onnx"]))
  var out: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: RunOptions

  func validate() throws {
    guard step.isEmpty != (steps == nil) else { throw ValidationError("--step, repeated, or --steps FILE says what is done") }
    guard 0...4096 ~= latencyBatch else { throw ValidationError("--latency-batch is 0 to 4096, not \(latencyBatch)") }
    _ = try given()
  }

  func run() throws {
    let report = try options.run { context in
      let chain = CompressionRun(
        try steps.map { try StepFile.steps($0, defaults) } ?? given(),
        validation: (validation ?? data).map { request($0, isWhole: validation != nil) }, batch: options.batch,
        latencyBatch: latencyBatch > 0 ? latencyBatch : nil, store: store, out: out)
      return try chain.run(model.load(context), context)
    }
    if json { return try StandardOutput.json(report) }
    var text = RecordTable.text(report.steps) + "\n\n" + ComparisonTable.text(report.networks)
    if let latency = report.latency { text += "\n" + LatencyText.line(latency) }
    if let profile = report.profile { text += "\n\n" + ProfileTable.text(profile) }
    try StandardOutput.line(text)
    options.say("\(out): \(report.steps.count.of("step"))")
  }

  /// The steps of the command line.
  private func given() throws -> [any MethodStep] {
    try step.enumerated().map { position, text in
      try StepCatalog.step(text, defaults, title: "step \(position + 1) of \(step.count)")
    }
  }

  private var defaults: StepDefaults {
    StepDefaults(
      data: data.map { request($0) }, whole: data.map { request($0, isWhole: true) }, batch: options.batch, seed: seed)
  }

  private func request(_ spec: DataSpec, isWhole: Bool = false) -> DataRequest {
    picking.request(spec, classes: classes.classes, isWhole: isWhole)
  }
}
