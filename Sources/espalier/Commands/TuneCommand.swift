import ArgumentParser
import Experiments
import Foundation

/// `espalier tune`.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Go on training an ONNX network on a data set.",
    discussion: """
      Names, batch norms and metadata of the file survive. Ctrl-C saves, and the same command goes on.

        espalier tune vgg.onnx --data fashion-mnist:train --rate 0.01 --out t.onnx
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var workers: WorkerOptions

  func run() throws {
    let report = try workers.run { context in
      try training.run.tune(model.load(context), on: data.request(classes: classes.classes), context)
    }
    workers.say(report.summary(out: training.out))
  }
}

extension TrainingRun.Report {
  /// What was written and how good it is.
  func summary(out: String) -> String {
    var text = "\(out), \(history)"
    if let lastEpoch {
      text += String(format: ": loss %.4f, accuracy %.2f %%", lastEpoch.loss, 100 * lastEpoch.accuracy)
      if let accuracy = lastEpoch.validationAccuracy { text += String(format: "; validation accuracy %.2f %%", 100 * accuracy) }
    }
    return text
  }
}
