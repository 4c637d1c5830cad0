import Analysis
import ArgumentParser
import Experiments
import Foundation
import Results

/// `espalier relevance`.
struct RelevanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relevance", abstract: "Compute which pixels and which filters a network's answers rest on.",
    discussion: """
      Layer-wise relevance propagation (LRP), or another attributor. The HDF5 file holds a relevance map for every picture and the relevance of \
      every filter of every convolution and linear layer, and opens in h5py, xarray and ViRelAy. A run that was stopped goes \
      on with the same command.

        espalier relevance vgg.onnx --data fashion-mnist:test --out maps.h5
        espalier relevance vgg.onnx --data folder:dir --maps none --out filters.h5
        espalier relevance vgg.onnx --data folder:dir --attributor smoothgrad:n=50 --out smooth.h5

      Attributors, with their defaults: \(AttributorCatalog.forms.joined(separator: "; ")). Those that make passes back through the \
      network take any composite for them (default: epsilon_plus for lrp, gradient for the others); smoothgrad and \
      integrated-gradients store the mean over their passes for every filter, occlusion and random nothing.

      Composites: \(CompositeCatalog.names.joined(separator: ", ")).
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions

  @Option(
    help: ArgumentHelp("What surrounds the passes, such as smoothgrad:n=50.", valueName: "name[:key=value,…]"),
    transform: { text in
      _ = try AttributorCatalog.attributor(text)
      return text
    })
  var attributor = AttributorCatalog.all[0].name

  @Option(
    help: ArgumentHelp(
      "The rules and their parameters, such as epsilon_gamma_box:low=-3,high=3.", valueName: "name[:key=value,…]"),
    transform: { text in
      _ = try CompositeCatalog.composite(text)
      return text
    })
  var composite: String?

  @Option(
    help: ArgumentHelp(
      "Whose relevance: label, predicted, or the number of a class (default: label, or predicted without labels).",
      valueName: "class"),
    transform: { try RelevanceTarget(text: $0) })
  var target: RelevanceTarget?

  @Option(help: "What relevance starts from: one-hot (1) or logit (the output).")
  var start = RelevanceStart.oneHot

  @Option(help: "How maps are stored: none, float16 or float32.")
  var maps = MapPrecision.float32

  @Option(help: ArgumentHelp("The file to write, HDF5.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String

  @Option(
    help: ArgumentHelp(
      "Write the pictures and labels too, HDF5, for ViRelAy and --data hdf5: to show beside the maps.", valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var dataOut: String?

  @OptionGroup var options: RunOptions

  func run() throws {
    let run = RelevanceRun(
      attributor: attributor, composite: composite, target: target, start: start, maps: maps, batch: options.batch, out: out,
      dataOut: dataOut)
    let count = try options.run { context in
      try run.run(model.load(context), on: data.request(classes: classes.classes), context)
    }
    StandardError.line("\(out): relevance of \(count.grouped) pictures")
  }
}

extension RelevanceStart: ExpressibleByArgument {}
extension MapPrecision: ExpressibleByArgument {}
