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
  func request(classes: String?) -> DataRequest { selection.request(data, classes: classes) }
}

/// Which of the images, how they are prepared, and what their labels are.
struct SelectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A TOML file with resize, crop, mean, std, layout, color … (default: what the model's file says).", valueName: "file"),
    completion: .file(extensions: ["toml"]))
  var preprocess: String?

  @Option(
    help: ArgumentHelp(
      "What labels are: classification (classes), segmentation (a class of each pixel) or regression (numbers) (default: by the output's shape, one of the first two).",
      valueName: "task"))
  var task: LearningTask?

  @Option(
    help: ArgumentHelp(
      "Index masks for folder:DIR, a PNG of each image's name: the classes of its pixels, 255 for none.", valueName: "dir"),
    completion: .directory)
  var masks: String?

  @Option(help: ArgumentHelp("Leave out the first n images.", valueName: "n"))
  var skip = 0

  @Option(help: ArgumentHelp("The first n images only, behind those left out.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("The first n images of each class only.", valueName: "n"))
  var perClass: Int?

  @Option(
    help: ArgumentHelp(
      "Draw the images of --limit and --per-class at random, with this seed, rather than take the first.", valueName: "seed"))
  var draw: UInt64?

  /// The request for images; `classes` is a file of class names, if one is given.
  ///
  /// - Parameter isWhole: whether all images are taken, wherever the choice of some of them is for others.
  func request(_ spec: DataSpec, classes: String? = nil, isWhole: Bool = false) -> DataRequest {
    var request = DataRequest(
      spec, classes: classes, preprocessing: preprocess, skip: isWhole ? 0 : skip, limit: isWhole ? nil : limit,
      perClass: isWhole ? nil : perClass, task: task, masks: masks)
    if !isWhole { request.draw = draw }
    return request
  }

  func validate() throws {
    if skip < 0 { throw ValidationError("--skip is 0 or more, not \(skip)") }
    if let limit, limit < 1 { throw ValidationError("--limit is 1 or more, not \(limit)") }
    if draw != nil, limit == nil, perClass == nil {
      throw ValidationError("--draw says which images --limit and --per-class take, and neither is given")
    }
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

extension LearningTask: ExpressibleByArgument {}
