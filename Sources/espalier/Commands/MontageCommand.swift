import ArgumentParser
import Datasets
import Experiments
import Plotting
import Tensors

/// `espalier figure montage`.
struct MontageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "montage", abstract: "Draw one image's relevance by several composites.",
    discussion: """
      Each file is one of `espalier relevance`, for the same data. Its caption is the composite \
      or attributor that the file names, with the network and the class explained where files differ in them.

        espalier figure montage plus.h5 flat.h5 --data fashion-mnist:test --image 7 --out montage.png
        espalier figure montage *.h5 --image 7 --columns 4 --cmap bwr --out montage.pdf
      """)

  @Argument(help: "Files that `espalier relevance` wrote.", completion: .file(extensions: ["h5"]))
  var files: [String]

  @Option(
    help: ArgumentHelp("The images that they were computed for.", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var data: DataSpec?

  @OptionGroup var classes: ClassOptions

  @Option(
    name: [.customLong("image"), .customLong("index")],
    help: ArgumentHelp("The image's position in the data, from 0 (default: 0).", valueName: "n"))
  var image: Int?

  @Option(help: ArgumentHelp("The image's name in --data, instead of --image.", valueName: "name"))
  var name: String?

  @OptionGroup var colors: ColorOptions

  @Option(help: ArgumentHelp("The caption of a map; once a file, or not at all.", valueName: "text"))
  var caption: [String] = []

  @Option(help: ArgumentHelp("The number of columns (default: about as many as rows).", valueName: "n"))
  var columns: Int?

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("a montage is of one file or more") }
    if let image, image < 0 { throw ValidationError("--image is 0 or more, not \(image)") }
    if image != nil, name != nil { throw ValidationError("--image and --name choose an image in different ways; give one") }
    if let columns, !(1...100 ~= columns) { throw ValidationError("--columns is 1 to 100, not \(columns)") }
  }

  func run() throws {
    let run = MontageRun(
      image: image ?? 0, name: name, norm: colors.norm, colormap: colors.cmap, level: colors.level,
      scale: colors.ends,
      captions: caption.isEmpty ? nil : caption,
      columns: columns, title: title)
    let image = try run.write(files, data: data.map { DataRequest($0, classes: classes.classes) }, to: output.output())
    output.say("\(output.out): \(files.count.of("relevance map")) of image \(image)")
  }
}
