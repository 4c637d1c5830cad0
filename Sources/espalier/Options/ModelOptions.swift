import ArgumentParser
import Experiments

/// The network that a verb looks at.
struct ModelOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The network, an ONNX file.", valueName: "model"), completion: .file(extensions: ["onnx"]))
  var path: String

  @Option(help: ArgumentHelp("The output to look at, where there are several (default: the first).", valueName: "name"))
  var output: String?

  /// Reads the network; a notice goes to the talk.
  func load(_ context: RunContext) throws -> Model {
    let model = try Model(path, output: output)
    if let notice = model.notice { context.note(notice) }
    return model
  }
}
