import ArgumentParser
import Experiments
import Foundation
import Training

/// `espalier tune`.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Go on training an ONNX network on a data set.",
    discussion: """
      Names, batch norms and metadata of the file survive. Ctrl-C saves, and the same command goes on.

        espalier tune vgg.onnx --data fashion-mnist:train --rate 0.01 --validation fashion-mnist:test --keep best --out t.onnx
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
    report.printSummary(out: training.out)
  }
}

extension TrainingRun.Report {
  /// Says what was written, how good it is, and which epoch was the best.
  func printSummary(out: String) {
    var text = "\(out), \(history)"
    if let writtenEpoch { text += ": after epoch \(writtenEpoch.epoch), \(writtenEpoch.summary)" }
    StandardError.line(text)
    if let bestEpoch, bestEpoch.epoch != writtenEpoch?.epoch {
      StandardError.line("the best was epoch \(bestEpoch.epoch), \(bestEpoch.summary); --keep best writes it")
    } else if let lastEpoch, lastEpoch.epoch != writtenEpoch?.epoch {
      StandardError.line("the last was epoch \(lastEpoch.epoch), \(lastEpoch.summary)")
    }
  }
}

extension TrainingHistory.Epoch {
  fileprivate var summary: String {
    let training = String(format: "loss %.4f, accuracy %.2f %%", loss, 100 * accuracy)
    return training + (validationAccuracy.map { String(format: "; validation accuracy %.2f %%", 100 * $0) } ?? "")
  }
}
