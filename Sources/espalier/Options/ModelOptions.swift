import ArgumentParser
import Experiments
import Tensors

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

/// The network that a verb runs, and what feeds it beside the images.
struct FedModelOptions: ParsableArguments {
  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "What an input beside that of the images takes: a number, or a dataset, one row an image; may be repeated (default: the dataset of its name in --data hdf5:FILE).",
      valueName: "name=number|hdf5:file/dataset"),
    transform: { text in
      _ = try InputSource.parse(text)
      return text
    })
  var input: [String] = []

  /// Reads the network; a notice goes to the talk.
  func load(_ context: RunContext) throws -> Model {
    var inputs: [String: InputSource] = [:]
    for text in input {
      let (name, source) = try InputSource.parse(text)
      guard inputs.updateValue(source, forKey: name) == nil else {
        throw EspalierError("input '\(name)' is fed twice", place: "--input", accepted: "each once")
      }
    }
    let model = try Model(model.path, output: model.output, inputs: inputs)
    if let notice = model.notice { context.note(notice) }
    return model
  }
}
