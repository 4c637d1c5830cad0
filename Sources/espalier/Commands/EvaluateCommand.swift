import ArgumentParser
import Experiments
import Foundation
import Tensors

/// `espalier evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Count what a network gets right.",
    discussion: """
      An image with several acceptable labels counts as right if one of them is found.

        espalier evaluate vgg.onnx --data fashion-mnist:test
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions
  @OptionGroup var options: RunOptions

  @Flag(help: "Print JSON: top1, top5 (shares), loss, images, imagesPerSecond.")
  var json = false

  func run() throws {
    let report = try options.run { context in
      try EvaluationRun.evaluate(model.load(context), on: data.request(classes: classes.classes), batch: options.batch, context)
    }
    if json { return try StandardOutput.json(report) }
    let table = Table(
      columns: [("top-1", .right), ("top-5", .right), ("loss", .right), ("images", .right), ("images/s", .right)],
      rows: [
        [
          String(format: "%.2f %%", 100 * report.top1), String(format: "%.2f %%", 100 * report.top5),
          String(format: "%.4f", report.loss), report.images.grouped, Int(report.imagesPerSecond).grouped,
        ]
      ])
    try StandardOutput.line(table.text)
  }
}
