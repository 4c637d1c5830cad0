import Analysis
import ArgumentParser
import Experiments
import Foundation
import Results
import Tensors

/// `espalier relevance`.
struct RelevanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "relevance", abstract: "Compute which pixels and which filters a network's answers rest on.",
    discussion: """
      Layer-wise relevance propagation (LRP), or another attributor. The HDF5 file holds a relevance map for every image and the relevance of \
      every filter of every convolution and linear layer, and opens in h5py, xarray and ViRelAy. A run that was stopped goes \
      on with the same command.

        espalier relevance vgg.onnx --data fashion-mnist:test --out maps.h5
        espalier relevance vgg.onnx --data folder:dir --maps none --out filters.h5
        espalier relevance vgg.onnx --data folder:dir --attributor smoothgrad:n=50 --out smooth.h5
        espalier relevance vgg.onnx --data folder:dir --composite rules.toml --conservation --out maps.h5
        espalier relevance vit.onnx --data folder:dir --composite attnlrp --out maps.h5
        espalier relevance vgg.onnx --data folder:dir --from conv5:12 --out filter.h5
        espalier relevance vgg.onnx --data folder:dir --maps none --top 40 --out top.h5
        espalier relevance vgg.onnx --data folder:dir --out maps.h5 --virelay project
        espalier relevance fcn.onnx --data folder:dir --target 15 --out person.h5
        espalier relevance ssd.onnx --output scores --target @12,3 --data folder:dir --out box.h5

      Attributors, with their defaults: \(AttributorCatalog.forms.joined(separator: "; ")). Those that make passes back through the \
      network take any composite for them (default: epsilon_plus for lrp, gradient for the others); smoothgrad and \
      integrated-gradients store the mean over their passes for every filter, occlusion and random nothing.

      Composites: \(CompositeCatalog.names.joined(separator: ", ")); or a TOML file of rules, of which the first that fits a layer \
      counts, and where none does the base:

        base = "epsilon_plus"        # left out: the plain gradient
        [[rules]]
        position = "first"           # "last", "first 3", "last 2"
        rule = "zbox"
        low = -3
        high = 3
        [[rules]]
        layers = ["layer1.*"]        # names, with * and ?
        kind = "convolution"         # left out: convolution and dense
        rule = "gamma"
        gamma = 0.5

      Kinds: \((["linear"] + LayerKind.allCases.map(\.text)).joined(separator: ", ")).

      Rules, with their parameters: \(RuleCatalog.forms.joined(separator: "; ")). bias=false counts the bias as zero; clip and scale \
      change what keeps denominators from zero (ε as a share of the output's root mean square, or of the input's deviation). LRP-0 is \
      epsilon with epsilon=0.

      Transformers: the neurons of a linear layer on tokens are its channels in relevance/LAYER, summed over tokens; relevance-head/LAYER \
      is that of every head of attention, where it is multiplied with the values. Composites attnlrp and cp_lrp are for them.

      Where the output has positions, [N, K, H, W] or [N, L, K], relevance of a class starts wherever that class is the predicted one. \
      CLASS@all starts everywhere, CLASS@mask where the image's mask marks its object, CLASS@ROW,COLUMN at one position and \
      CLASS@2:5,1:9 in a box; label is the class of each pixel where index masks tell it (--masks), predicted each pixel's own. @I,J is \
      one entry of an output of any rank by an index an axis, such as the score of a box at a detector's head, and \
      hdf5:FILE/DATASET holds a number for each entry, row by row. In the file, prediction is then the share of positions of each class.

      Conservation: relevance at a layer's output = relevance at its inputs + what the bias took + what the stabiliser took + other \
      (outputs for which the rule has no part, gradients, rounding); printed as means over the images.
      """)

  @OptionGroup var model: FedModelOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var classes: ClassOptions

  @Option(
    help: ArgumentHelp("What surrounds the passes, such as smoothgrad:n=50.", valueName: "name[:key=value,…]"),
    completion: .attributors,
    transform: { text in
      _ = try AttributorCatalog.attributor(text)
      return text
    })
  var attributor = AttributorCatalog.all[0].name

  @Option(
    help: ArgumentHelp(
      "The rules and their parameters, such as epsilon_gamma_box:low=-2.1/-2/-1.8,high=2.6 (a number for all channels or one each), or a TOML file.",
      valueName: "name[:key=value,…]"),
    completion: .composites, transform: NameChecks.composite)
  var composite: String?

  @Option(
    help: ArgumentHelp(
      "Whose relevance: label, predicted, data (each image's own), a class by its number or name, or classes against others, such as 990,-949; class@region, @entry or hdf5:file/dataset as below (default: label, or predicted without labels; with one output, that).",
      valueName: "class"),
    completion: .targets, transform: { try RelevanceTarget(text: $0) })
  var target: RelevanceTarget?

  @Option(help: "What relevance starts from: one-hot (1) or logit (the output).")
  var start = RelevanceStart.oneHot

  @Option(
    help: ArgumentHelp(
      "Start at one filter's output, or several of a layer, from the relevance that arrives there, or with :activation behind it from its activation.",
      valueName: "layer:channel[,channel…]"),
    transform: { try RelevanceOrigin($0) })
  var from: RelevanceOrigin?

  @Flag(help: "Tell what becomes of relevance in every layer, as a table and in the file.")
  var conservation = false

  @Option(help: ArgumentHelp("Store the n most relevant and the n most activating images of every filter.", valueName: "n"))
  var top = 0

  @Option(help: "How maps are stored: none, float16 or float32.")
  var maps = MapPrecision.float32

  @Option(help: ArgumentHelp("The file to write, HDF5.", valueName: "file"), completion: .file(extensions: ["h5"]))
  var out: String

  @Option(
    help: ArgumentHelp(
      "Write the images and labels too, HDF5, for ViRelAy and --data hdf5: to show beside the maps.", valueName: "file"),
    completion: .file(extensions: ["h5"]))
  var dataOut: String?

  @Option(
    help: ArgumentHelp(
      "Make a project for ViRelAy in a folder: images, this relevance, and a spectral embedding and clusters of every class's maps.",
      valueName: "dir"), completion: .directory)
  var virelay: String?

  @Flag(help: "Print conservation as JSON: pictures, layers[] (layer, operator, rule, out, in, bias, stabiliser, other).")
  var json = false

  @OptionGroup var parts: PartOptions
  @OptionGroup var options: RunOptions

  func validate() throws {
    guard 0...10000 ~= top else { throw ValidationError("--top is 0 to 10000, not \(top)") }
    if json && !conservation { throw ValidationError("--json prints conservation, and goes with --conservation") }
  }

  func run() throws {
    let part = try parts.resolved(out, options)
    let run = RelevanceRun(
      attributor: attributor, composite: composite, target: target, start: start, maps: maps, conservation: conservation,
      top: top, origin: from, batch: options.batch, out: part?.out ?? out,
      dataOut: dataOut, virelay: virelay)
    if let (part, out) = part {
      let report = try options.run { try run.run(part, of: model.load($0), on: data.request(classes: classes.classes), $0) }
      return parts.say(report, out, "relevance", options)
    }
    let count = try options.run { context in
      try run.run(model.load(context), on: data.request(classes: classes.classes), context)
    }
    options.say("\(out): relevance of \(count.of("image"))")
    if let virelay { options.say("\(virelay): open it with virelay \(virelay)/project.yaml") }
    if conservation { try RelevanceCommand.print(ConservationReport(out), json: json) }
  }

  /// Prints what becomes of relevance in every layer.
  static func print(_ report: ConservationReport, json: Bool) throws {
    if json { return try StandardOutput.json(report) }
    func number(_ value: Double) -> String { String(format: "%.6f", abs(value) < 5e-7 ? 0 : value) }
    let table = Table(
      columns: [("layer", .left), ("operator", .left), ("rule", .left)]
        + ConservationTerm.allCases.map { ($0.rawValue, .right) },
      rows: report.layers.map {
        [$0.layer, $0.operator, $0.rule] + [$0.out, $0.in, $0.bias, $0.stabiliser, $0.other].map(number)
      })
    try StandardOutput.line(table.text)
  }
}

extension RelevanceStart: ExpressibleByArgument {}
extension MapPrecision: ExpressibleByArgument {}
