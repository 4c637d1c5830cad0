import ArgumentParser
import Compression
import Experiments
import Networks
import Tensors

/// `espalier inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "List the layers of a network, what they cost and what they hold.",
    discussion: """
      MACs are multiply-accumulate operations of convolutions and linear layers for one image; FLOPs are 2 × MACs; the \
      survey's FLOPs count a bias at every output of such a layer, whether it has one or not.

        espalier inspect vgg.onnx
        espalier inspect vgg.onnx --json | jq .macs
        espalier inspect resnet50.onnx --groups
        espalier inspect vgg.onnx --compare small.onnx
        espalier inspect small.onnx --record

      Channel groups are what prune removes from: the channels of layers that can only go together. A saving is that of one \
      channel while all others are there.
      """)

  @OptionGroup var model: ModelOptions

  @Flag(help: "List the groups of channels that can only be removed together, and why others must stay.")
  var groups = false

  @Option(
    help: ArgumentHelp("Set another network beside it, layer by layer.", valueName: "other"),
    completion: .file(extensions: ["onnx"]))
  var compare: String?

  @Flag(help: "List the steps of compression that the file tells of: what each began from, depended on and promised.")
  var record = false

  @Flag(help: "Print JSON: macs, parameters, layers and more.")
  var json = false

  @OptionGroup var talk: TalkOptions

  func validate() throws {
    if groups, compare != nil { throw ValidationError("--groups and --compare are two different views; choose one") }
    if record, groups || compare != nil {
      throw ValidationError("--record is a view of its own; it goes without --groups and --compare")
    }
  }

  func run() throws {
    let context = talk.context
    let graph = try model.load(context).graph
    if record {
      let steps = try naming(file: model.path) { try ChainRecord(graph.metadata).steps }
      if json { return try StandardOutput.json(steps) }
      if steps.isEmpty { context.note("\(model.path) tells of no steps") }
      return steps.isEmpty ? () : try StandardOutput.line(RecordTable.text(steps))
    }
    if groups {
      let report = try naming(file: model.path) { try GroupReport(graph) }
      if json { return try StandardOutput.json(report) }
      return try StandardOutput.line(Self.text(report))
    }
    if let compare {
      let other = try Model(compare, axes: model.axes)
      if let notice = other.notice { context.note(notice) }
      let networks = try naming(file: model.path) { try NetworkComparison(graph, other.graph) }
      if json { return try StandardOutput.json(networks) }
      return try StandardOutput.line(ComparisonTable.text(networks))
    }
    let summary = try naming(file: model.path) { try graph.summary() }
    if json { return try StandardOutput.json(summary) }
    try StandardOutput.line(Self.layers(summary).text + "\n\n" + Self.totals(summary).text)
  }

  private static func text(_ report: GroupReport) -> String {
    func list(_ names: [String]) -> String {
      names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", +\(names.count - 3)" : "")
    }
    let table = Table(
      columns: [
        ("made by", .left), ("channels", .right), ("filters each", .right), ("MACs each", .right), ("parameters each", .right),
        ("read by", .left), ("must stay because", .left),
      ],
      rows: report.groups.map { group in
        let savings = group.reason == nil ? [group.macs.grouped, group.parameters.grouped] : ["", ""]
        return [list(group.layers), group.channels.grouped, group.filtersOfChannel.grouped] + savings
          + [list(group.readers), group.reason ?? ""]
      })
    return table.text + "\n\n\(report.removableFilters.grouped) of \(report.filters.of("filter")) may go"
  }

  private static func layers(_ summary: GraphSummary) -> Table {
    Table(
      columns: [("layer", .left), ("operator", .left), ("output", .left), ("MACs", .right), ("parameters", .right)],
      rows: summary.layers.map { layer in
        [
          layer.name, layer.operator, Shape(layer.output).description, layer.macs == 0 ? "" : layer.macs.grouped,
          layer.parameters == 0 ? "" : layer.parameters.grouped,
        ]
      })
  }

  private static func totals(_ summary: GraphSummary) -> Table {
    let (macs, parameters) = (summary.macsByKind, summary.parametersByKind)
    return Table(
      columns: [
        ("total", .left), ("all", .right), ("convolution", .right), ("linear", .right), ("batch norm", .right), ("other", .right),
      ],
      rows: [
        ["MACs"] + [summary.macs, macs.convolution, macs.linear, macs.normalization, macs.other].map(\.grouped),
        ["FLOPs (2 × MACs)", summary.flops.grouped, "", "", "", ""],
        ["FLOPs (survey)", summary.surveyFlops.grouped, "", "", "", ""],
        ["parameters"]
          + [summary.parameters, parameters.convolution, parameters.linear, parameters.normalization, parameters.other].map(
            \.grouped),
      ])
  }
}
