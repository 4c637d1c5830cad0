import ArgumentParser
import Datasets
import Experiments

/// The images that a verb takes.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The images: \(DataSpec.forms).", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec

  @OptionGroup var selection: SelectionOptions

  /// The request for these images; `classes` is a file of class names, if one is given.
  func request(classes: String?) -> DataRequest {
    DataRequest(
      data, classes: classes, preprocessing: selection.preprocess, skip: selection.skip, limit: selection.limit,
      perClass: selection.perClass)
  }
}

/// Which of the images, and how they are prepared.
struct SelectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A TOML file with resize, crop, mean, std, layout, color … (default: what the model's file says).", valueName: "file"),
    completion: .file(extensions: ["toml"]))
  var preprocess: String?

  @Option(help: ArgumentHelp("Leave out the first n images.", valueName: "n"))
  var skip = 0

  @Option(help: ArgumentHelp("The first n images only, behind those left out.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("The first n images of each class only.", valueName: "n"))
  var perClass: Int?

  func validate() throws {
    if skip < 0 { throw ValidationError("--skip is 0 or more, not \(skip)") }
    if let limit, limit < 1 { throw ValidationError("--limit is 1 or more, not \(limit)") }
    if let perClass, perClass < 1 { throw ValidationError("--per-class is 1 or more, not \(perClass)") }
  }
}

/// The names of classes.
struct ClassOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file that maps folder or class names to class numbers, and names classes in reports.", valueName: "file"),
    completion: .file())
  var classes: String?
}
