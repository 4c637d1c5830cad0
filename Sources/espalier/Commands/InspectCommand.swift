import ArgumentParser
import Experiments
import Networks
import Tensors

/// `espalier inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "List the layers of a network, what they cost and what they hold.",
    discussion: """
      MACs are multiply-accumulate operations of convolutions and linear layers for one picture; FLOPs are 2 × MACs; the \
      survey's FLOPs count a bias at every output of such a layer, whether it has one or not.

        espalier inspect vgg.onnx
        espalier inspect vgg.onnx --json | jq .macs
      """)

  @OptionGroup var model: ModelOptions

  @Flag(help: "Print JSON: macs, parameters, layers and more.")
  var json = false

  func run() throws {
    let summary = try naming(file: model.path) { try model.load(RunContext(note: StandardError.line)).graph.summary() }
    if json { return try StandardOutput.json(summary) }
    try StandardOutput.line(Self.layers(summary).text + "\n\n" + Self.totals(summary).text)
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
