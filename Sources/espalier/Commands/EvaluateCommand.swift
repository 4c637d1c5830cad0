import ArgumentParser
import Experiments
import Foundation
import Tensors

/// `espalier evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Count what a network gets right.",
    discussion: """
      An image with several acceptable labels counts as right if one of them is found, and in the accuracy of each of these classes. \
      Beside the share of all images stands the class of which the least is found, and in JSON that of every class with images, \
      with the harmonic mean, which a class that is lost brings to 0. Where the output has a class for each pixel \
      or position, labels are index masks: printed are the share of labelled pixels that are right and IoU, intersection over \
      union, of each class over all images, with the mean over the classes that labels or predictions have. With --task regression \
      labels are numbers: printed are the mean squared and absolute error and R².

        espalier evaluate vgg.onnx --data fashion-mnist:test
        espalier evaluate fcn.onnx --data folder:images --masks masks
        espalier evaluate age.onnx --data hdf5:faces.h5 --task regression
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions

  @Option(help: ArgumentHelp("The file of a part, with --part.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String?

  @OptionGroup var parts: PartOptions
  @OptionGroup var options: RunOptions

  @Flag(
    help:
      "Print JSON: top1, top5 (shares), perClass (shares by class), harmonicMean (of these), or pixelAccuracy, meanIoU, iou (by class), or meanSquaredError, meanAbsoluteError, r2; loss, images, imagesPerSecond."
  )
  var json = false

  func validate() throws {
    if out != nil, parts.part == nil { throw ValidationError("--out is the file of a part, and goes with --part") }
  }

  func run() throws {
    if let (part, out) = try parts.resolved(out, options) {
      let report = try options.run { context in
        try EvaluationRun.evaluate(
          part, model.load(context), on: data.request(classes: classes.classes), batch: options.batch, out: out, context)
      }
      return parts.say(report, out, "evaluate", options)
    }
    let report = try options.run { context in
      try EvaluationRun.evaluate(model.load(context), on: data.request(classes: classes.classes), batch: options.batch, context)
    }
    try EvaluateCommand.print(report, json: json)
  }

  /// Prints what was counted.
  static func print(_ report: EvaluationReport, json: Bool) throws {
    if json { return try StandardOutput.json(report) }
    func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
    func number(_ value: Double) -> String { String(format: "%.4f", value) }
    let own: [(String, String)] =
      if let confusion = report.confusion {
        [
          ("pixel accuracy", percent(confusion.accuracy)), ("mean IoU", percent(confusion.meanIoU)),
          ("loss", number(report.loss)),
        ]
      } else if let errors = report.errors {
        [
          ("mean squared error", number(errors.meanSquaredError)), ("mean absolute error", number(errors.meanAbsoluteError)),
          ("R²", number(errors.r2)),
        ]
      } else {
        [("top-1", percent(report.top1)), ("top-5", percent(report.top5))]
          + (report.byClass?.worst.map { [("worst class", "\(report.name(ofClass: $0.label)), \(percent($0.share))")] } ?? [])
          + [("loss", number(report.loss))]
      }
    let columns = own + [("images", report.images.grouped), ("images/s", Int(report.imagesPerSecond).grouped)]
    let table = Table(columns: columns.map { ($0.0, .right) }, rows: [columns.map(\.1)])
    try StandardOutput.line(table.text)
    guard let confusion = report.confusion else { return }
    let byClass = Table(
      columns: [("class", .left), ("IoU", .right)],
      rows: confusion.iou.enumerated().map { index, iou in ["\(index)", iou.map(percent) ?? "–"] })
    try StandardOutput.line("\n" + byClass.text)
  }
}
