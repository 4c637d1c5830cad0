import ArgumentParser
import Experiments
import Tensors

/// `espalier figure tradeoff`.
struct TradeoffFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tradeoff", abstract: "Draw accuracy over what pruning has left of a network.",
    discussion: """
      A curve a criterion. Reports of one criterion and one budget, such as of several seeds, become one point with an interval.

        espalier prune vgg.onnx --criterion l1 --budget macs=0.5 --data fashion-mnist:train --json --out small.onnx > l1-50.json
        espalier figure tradeoff *.json --over parameters --out tradeoff.pdf
      """)

  @Argument(help: "What `espalier prune --json` printed.", completion: .file(extensions: ["json"]))
  var files: [String]

  @Option(help: "What lies along x: macs, parameters, activations or latency.")
  var over = TradeoffRun.Cost.macs

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try TradeoffRun(cost: over, title: title).write(files, to: output.output())
    output.say("\(output.out): \(files.count.of("report"))")
  }
}

extension TradeoffRun.Cost: ExpressibleByArgument {}
