import ArgumentParser
import Experiments
import Networks
import Tensors

/// `espalier new`.
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a named architecture, with seeded weights, as ONNX.",
    discussion: """
      Input `input`, output `output`, any batch. The same seed gives the same file.

        espalier new resnet20 --classes 10 --seed 1 --out resnet20.onnx

      Architectures: \(ArchitectureCatalog.all.map(\.name).joined(separator: ", ")).
      """)

  @Argument(help: "The architecture's name.", completion: .architectures, transform: NameChecks.architecture)
  var architecture: String

  @OptionGroup var shape: ArchitectureOptions

  @Option(help: ArgumentHelp("The seed of the weights.", valueName: "s"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("A TOML file on how images are prepared for it, to be stored in the file.", valueName: "file"),
    completion: .file(extensions: ["toml"]))
  var preprocess: String?

  @Option(
    help: ArgumentHelp("The file to write (default: the architecture's name with .onnx).", valueName: "file"), completion: .file()
  )
  var out: String?

  @OptionGroup var talk: TalkOptions

  func run() throws {
    let path = out ?? "\(architecture).onnx"
    let graph = try NewModel.write(
      architecture, classes: shape.classes, input: shape.input, seed: seed, preprocessing: preprocess, to: path)
    let summary = try graph.summary()
    talk.say("\(path): \(architecture), \(summary.parameters.grouped) parameters, \(summary.macs.grouped) MACs")
  }
}
