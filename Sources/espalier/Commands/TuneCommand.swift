import ArgumentParser
import Experiments
import Foundation
import Training

/// `espalier tune`.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Go on training an ONNX network on a data set.",
    discussion: """
      The loss is cross-entropy, of every pixel or position where the output has some (of those that have a class), or with --task \
      regression the mean squared error. Names, batch norms and metadata of the file survive. Ctrl-C saves, and the same command goes on.

        espalier tune fcn.onnx --data folder:images --masks masks --pad-crop 8 --out t.onnx
        espalier tune age.onnx --data hdf5:faces.h5 --task regression --no-flip --pad-crop 0 --out t.onnx
        espalier tune vgg.onnx --data fashion-mnist:train --rate 0.01 --validation fashion-mnist:test --keep best --out t.onnx
      """)

  @OptionGroup var model: FedModelOptions
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
  /// What was written, how good it is, and which epoch was the best.
  func summary(out: String) -> String {
    var lines = ["\(out), \(history)"]
    if let writtenEpoch { lines[0] += ": after epoch \(writtenEpoch.epoch), \(writtenEpoch.summary)" }
    if let bestEpoch, bestEpoch.epoch != writtenEpoch?.epoch {
      lines.append("the best was epoch \(bestEpoch.epoch), \(bestEpoch.summary); --keep best writes it")
    } else if let lastEpoch, lastEpoch.epoch != writtenEpoch?.epoch {
      lines.append("the last was epoch \(lastEpoch.epoch), \(lastEpoch.summary)")
    }
    return lines.joined(separator: "\n")
  }
}

extension TrainingHistory.Epoch {
  fileprivate var summary: String {
    let training = String(format: "loss %.4f", loss) + (accuracy.map { String(format: ", accuracy %.2f %%", 100 * $0) } ?? "")
    return training
      + (validationAccuracy.map { String(format: "; validation accuracy %.2f %%", 100 * $0) }
        ?? validationLoss.map { String(format: "; validation loss %.4f", $0) } ?? "")
  }
}
