import ArgumentParser
import Datasets
import Experiments
import Networks
import Pruning
import Tensors

/// `espalier sensitivity`.
struct SensitivityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity", abstract: "Find out which layers a network can spare filters of.",
    discussion: """
      Of one layer at a time, and of those that can only lose channels with it, the filters that score least are removed; what is \
      left is evaluated, untuned. The file (JSON) holds every point. A run that was stopped goes on with the same command.

        espalier sensitivity vgg.onnx --criterion l1 --data fashion-mnist:test --per-class 100 --out sweep.json
        espalier sensitivity vgg.onnx --criterion lrp --data fashion-mnist:train --per-class 10 --validation fashion-mnist:test \
      --shares 0.25,0.5,0.75 --out sweep.json
        espalier figure sensitivity sweep.json --out sweep.pdf

      \(ScoringOptions.criteria)
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var scoring: ScoringOptions

  @Option(
    help: ArgumentHelp("Images for criteria, and for the accuracy: \(DataSpec.forms).", valueName: "spec"),
    completion: .data, transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var picking: SelectionOptions
  @OptionGroup var classes: ClassOptions

  @Option(
    help: ArgumentHelp("Images for the accuracy, all of them (default: those of --data).", valueName: "spec"),
    completion: .data, transform: { try DataSpec($0) })
  var validation: DataSpec?

  @Option(help: ArgumentHelp("The shares of filters that go.", valueName: "share,…"), transform: SensitivityCommand.shares)
  var shares: [Double] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

  @Option(help: "How scores of coupled filters become one: sum, mean, max or first.")
  var reduce = ScoreReduction.mean

  @Option(help: ArgumentHelp("Layers that are left alone, with * and ?; may be repeated.", valueName: "glob"))
  var protect: [String] = []

  @Option(help: "What goes of grouped convolutions: equal-shares (of every group) or whole-groups.")
  var groups = GroupRemoval.equalShares

  @Option(help: "What goes of attention: equal-shares (the same widths of every head) or whole-heads.")
  var heads = HeadRemoval.equalShares

  @Option(help: ArgumentHelp("The file to write, JSON.", valueName: "file"), completion: .file(extensions: ["json"]))
  var out: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: RunOptions

  func validate() throws { try scoring.requireSource() }

  func run() throws {
    func request(_ spec: DataSpec, isWhole: Bool = false) -> DataRequest {
      picking.request(spec, classes: classes.classes, isWhole: isWhole)
    }
    let run = SensitivityRun(
      scoring.scoring(
        data: data.map { request($0) }, normalisation: nil, batch: options.batch, out: out),
      shares: shares, reduction: reduce, protected: protect, groups: groups, heads: heads,
      validation: validation.map { request($0, isWhole: true) }, out: out)
    let report = try options.run { context in try run.run(model.load(context), context) }
    if json { return try StandardOutput.json(report) }
    try StandardOutput.line(text(report))
    options.say("\(out): \(report.layers.count.of("layer")), by \(report.criterion), on \(report.images.of("image"))")
  }

  private func text(_ report: SensitivityReport) -> String {
    let shares = shares.sorted()
    var table = Table(columns: [("accuracy, %", .left), ("filters", .right)])
    table.columns += shares.map { (Self.percent($0) + " gone", .right) }
    table.rows = report.layers.map { layer in
      [layer.name, "\(layer.filters)"]
        + shares.map { share in layer.points.first { $0.share == share }.map { Self.percent($0.accuracy) } ?? "" }
    }
    return table.text + "\n\nwith all filters: \(Self.percent(report.accuracy))"
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Int((1000 * share).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func shares(_ text: String) throws -> [Double] {
    let shares = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard !shares.isEmpty, shares.allSatisfy({ $0 != nil && $0! > 0 && $0! < 1 }) else {
      throw ValidationError("expected shares between 0 and 1, such as 0.25,0.5,0.75")
    }
    return Set(shares.compactMap { $0 }).sorted()
  }
}
