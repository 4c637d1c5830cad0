import ArgumentParser
import Experiments
import Tensors

/// `espalier figure concepts`.
struct ConceptsFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "concepts", abstract: "Draw how many filters detect each concept.",
    discussion: """
      A filter detects the concept that it overlaps best, if their IoU is above --iou, as in network dissection (Bau et al. 2017). With \
      --layer, a bar a concept, by category, the most filters first; without, a bar a category for every layer.

        espalier figure concepts dissection.h5 --layer conv5 --out concepts.pdf
        espalier figure concepts dissection.h5 --out layers.pdf
      """)

  @Argument(help: "A file that `espalier dissect` wrote.", completion: .file(extensions: ["h5"]))
  var file: String

  @Option(help: ArgumentHelp("A layer, a panel of concepts each; may be repeated.", valueName: "name"))
  var layer: [String] = []

  @Option(help: ArgumentHelp("The overlap above which a filter detects.", valueName: "share"))
  var iou = 0.04

  @Option(help: ArgumentHelp("The most concepts of a layer.", valueName: "n"))
  var limit = 40

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func validate() throws {
    guard 0...1 ~= iou else { throw ValidationError("--iou is 0 to 1, not \(iou)") }
    guard 1...1000 ~= limit else { throw ValidationError("--limit is 1 to 1000, not \(limit)") }
  }

  func run() throws {
    try ConceptsRun(layers: layer, detection: iou, limit: limit, title: title).write(file, to: output.output())
    output.say("\(output.out): the concepts of \(file)")
  }
}
