import ArgumentParser
import Experiments
import Tensors

/// The network that a verb works on.
struct ModelOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The network, an ONNX file.", valueName: "model"), completion: .file(extensions: ["onnx"]))
  var path: String

  @Option(
    help: ArgumentHelp(
      "The output to use, where there are several, or any value inside, where the network is cut (default: the first output).",
      valueName: "name"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The length of an axis that the file leaves open, height or width say; may be repeated.", valueName: "name=length"))
  var axis: [String] = []

  /// The lengths of axes that the file leaves open.
  var axes: [String: Int] {
    get throws {
      var lengths: [String: Int] = [:]
      for text in axis {
        guard let sign = text.lastIndex(of: "="), sign > text.startIndex, let length = Int(text[text.index(after: sign)...]),
          lengths.updateValue(length, forKey: String(text[..<sign])) == nil
        else {
          throw EspalierError("'\(text)'", location: "--axis", accepted: "NAME=LENGTH, each axis once: --axis H=224 --axis W=224")
        }
      }
      return lengths
    }
  }

  /// Reads the network; a notice goes to the talk.
  func load(_ context: RunContext) throws -> Model {
    let model = try Model(path, output: output, axes: axes)
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
        throw EspalierError("input '\(name)' is fed twice", location: "--input", accepted: "each once")
      }
    }
    let model = try Model(model.path, output: model.output, inputs: inputs, axes: model.axes)
    if let notice = model.notice { context.note(notice) }
    return model
  }
}
