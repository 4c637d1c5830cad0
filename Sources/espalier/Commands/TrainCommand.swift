import ArgumentParser
import Datasets
import Experiments
import Networks

/// `espalier train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a named architecture on a data set.",
    discussion: """
      The same seed gives the same file, whatever the number of workers. Ctrl-C saves, and the same command goes on; so it \
      does after a crash, from at most a minute before. Beside the network it writes a table of epochs (CSV).

        espalier train vgg-like --data fashion-mnist:train --out vgg.onnx

      Architectures: \(ArchitectureCatalog.all.map(\.name).joined(separator: ", ")).
      """)

  @Argument(help: "The architecture's name.", completion: .architectures, transform: NameChecks.architecture)
  var architecture: String

  @Option(
    help: ArgumentHelp("The images: \(DataSpec.forms).", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec

  @OptionGroup var shape: ArchitectureOptions
  @OptionGroup var selection: SelectionOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var workers: WorkerOptions

  func run() throws {
    let request = selection.request(data)
    let report = try workers.run { context in
      try training.run.train(architecture, classes: shape.classes, input: shape.input, on: request, context)
    }
    workers.say(report.summary(out: training.out))
  }
}
