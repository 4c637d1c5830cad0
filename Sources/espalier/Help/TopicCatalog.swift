import Analysis
import Datasets
import Experiments
import Networks
import Plotting
import Pruning

/// What `espalier help` explains beside verbs: a topic is one line here.
enum TopicCatalog {
  /// The topics, in the order in which they are listed to people.
  static let all: [Topic] = [
    .architectures, .composites, .rules, .attributors, .methods, .measures, .statistics, .criteria, .steps, .studies, .colours,
    .styles,
    .formats,
  ]

  /// Their names.
  static var names: [String] { all.map(\.name) }

  /// The topic that a command line asks for, as `espalier help TOPIC`; nil for none.
  static func topic(of arguments: [String]) -> Topic? {
    guard arguments.count == 2, arguments[0] == "help" else { return nil }
    return all.first { $0.name == arguments[1] }
  }
}

extension Topic {
  fileprivate static var architectures: Topic {
    Topic(
      name: "architectures", abstract: "The architectures that `espalier new` and `espalier train` know.",
      parts: [
        .names(
          ArchitectureCatalog.all.map { architecture in
            let input = architecture.input.map(String.init).joined(separator: "×")
            return (architecture.name, "input \(input), \(architecture.classes) classes")
          }),
        .text(
          "Channels × height × width of the input and the number of classes are those of the design; --input and --classes change them."
        ),
      ])
  }

  fileprivate static var composites: Topic {
    Topic(
      name: "composites", abstract: "Composites: which rule relevance propagation uses in which layer.",
      parts: [
        .names(CompositeCatalog.names.map { ($0, meanings[$0] ?? "") }),
        .text(
          """
          Parameters stand behind a colon: epsilon_gamma_box:low=-2.1/-2/-1.8,high=2.6. epsilon and stabilizer (both 1e-6) keep \
          denominators from zero. A composite may also be a TOML file of rules (espalier help rules):
          """),
        .lines(ruleFile),
        .text(
          """
          attnlrp and cp_lrp are for transformers: they have a rule for attention, layer norms, gates, position embeddings and \
          whatever else stands between layers. conv_gamma and lin_gamma (both 0) put gamma in the place of epsilon in convolutions and \
          linear layers, those of attention among them: attnlrp:conv_gamma=0.25,lin_gamma=0.05. LXT's example of a vision \
          transformer is cp_lrp with both.
          """),
        .text(
          """
          To the other composites a difference of two maps is no residual sum: relevance is treated as a gradient there, so that the \
          second map gets −R. Nor do they have a rule for the product of two maps, a gate: relevance is treated as a gradient, both \
          factors get some, and it is not conserved. A file's entry with kind = "product" chooses a rule, such as uniform or pass.
          """),
      ])
  }

  /// What the composites are; the names of rules are those of `espalier help rules`.
  private static let meanings = [
    "epsilon_plus": "zplus in convolutions, epsilon in linear layers (default)",
    "epsilon_plus_flat": "epsilon_plus, with flat in the first layer",
    "epsilon_alpha2_beta1": "alphabeta with α = 2 and β = 1 in convolutions, epsilon in linear layers",
    "epsilon_alpha2_beta1_flat": "epsilon_alpha2_beta1, with flat in the first layer",
    "epsilon_gamma_box":
      "gamma (gamma=0.25) in convolutions, epsilon in linear layers, zbox in the first; needs low and high, the bounds of the input",
    "deconvnet": "the gradient, with Zeiler and Fergus's deconvolution at every ReLU",
    "guided_backprop": "the gradient, with guided backpropagation at every ReLU",
    "beta_smooth": "the gradient, with the softplus of beta=10 at every ReLU",
    "excitation_backprop": "zplus in convolutions and linear layers",
    "by_depth":
      "rules by name for the first, middle and last third of convolutions and for linear layers: low, mid, high (zplus), fc (epsilon)",
    "attnlrp": "AttnLRP: epsilon in layers with weights, uniform-epsilon, taylor and layer-norm in attention",
    "cp_lrp": "CP-LRP: the same with a constant attention",
    "gradient": "the plain gradient",
  ]

  private static let ruleFile = """
    base = "epsilon_plus"        # left out: the plain gradient
    [[rules]]                    # the first entry that fits a layer counts
    position = "first"           # "last", "first 3", "last 2"
    rule = "zbox"
    low = -3
    high = 3
    [[rules]]
    layers = ["layer1.*"]        # names, with * and ?
    kind = "convolution"         # left out: convolution and dense
    rule = "gamma"
    gamma = 0.5
    """

  fileprivate static var styles: Topic {
    Topic(
      name: "styles", abstract: "Styles of figures: widths that journals print, type, colours, resolution.",
      parts: [
        .names(
          StylePreset.all.map { preset in
            func plain(_ length: Double) -> String { length == length.rounded() ? "\(Int(length))" : "\(length)" }
            return (
              preset.name,
              "column \(plain(preset.column)) mm, page \(plain(preset.page)) mm, height \(plain(preset.height)) mm (\(preset.source))"
            )
          }),
        .text(
          """
          A name has the width of its column; --width page, or a length such as 120mm, gives another. What is higher goes on on another \
          page, in a file of its own. Without a style a figure is as wide as it asks for, up to 178 mm. Palettes: \
          \(Palette.names.joined(separator: ", ")). A style may also be a TOML file; every key may be left out:
          """),
        .lines(styleFile),
      ])
  }

  private static let styleFile = """
    base = "nature"              # a name, whose lengths are taken
    width = "85mm"               # or 3.5in, 240pt, "column", "page"
    height = "200mm"             # where figures go on on another page
    font = "DejaVu Serif"        # one that is installed
    font-size = 8                # points at print, at least 6
    line-width = 1.2             # points
    palette = "okabe-ito"
    theme = "dark"               # or light
    dpi = 600                    # of PNG, and of images in PDF and SVG that are reduced
    """

  fileprivate static var rules: Topic {
    Topic(
      name: "rules", abstract: "Rules of relevance propagation, for composites from TOML files.",
      parts: [
        .names(RuleCatalog.all.map { ($0.name, $0.parameters) }),
        .text(
          """
          bias=false counts the bias as zero; clip and scale change what keeps denominators from zero (ε as a share of the output's \
          root mean square, or of the input's deviation). LRP-0 is epsilon with epsilon=0. `espalier help composites` shows a file.
          """),
        .text(
          """
          norm is for sums and averages: an operand that is repeated gets the sum over its copies, and a constant takes its share of the \
          relevance with it. uniform-epsilon, taylor and layer-norm are for products of maps (kind = "matrix-product"), softmaxes and \
          layer norms. What lies behind stop alone counts as a constant to uniform and uniform-epsilon. The most relevant images of a \
          filter (relevance --top) are ranked by relevance as it is, which zennit-crp divides by the sum of an image's magnitudes first.
          """),
      ])
  }

  fileprivate static var attributors: Topic {
    Topic(
      name: "attributors", abstract: "Attributors: what surrounds the passes back through the network.",
      parts: [
        .names(AttributorCatalog.all.map { ($0.name, $0.parameters) }),
        .text("Parameters stand behind a colon, with what they are by default: smoothgrad:n=50."),
      ])
  }

  fileprivate static var methods: Topic {
    Topic(
      name: "methods", abstract: "Methods that `espalier measure` compares: an attributor, a composite, or both.",
      parts: [
        .text("ATTRIBUTOR/COMPOSITE, each with its parameters, or one of them; a composite alone stands for lrp/COMPOSITE."),
        .lines("epsilon_plus\nsmoothgrad:n=50\nintegrated-gradients:n=20/guided_backprop"),
        .text("Attributors: \(AttributorCatalog.all.map { $0.name }.joined(separator: ", "))."),
        .text("Composites: \(CompositeCatalog.names.joined(separator: ", "))."),
      ])
  }

  fileprivate static var measures: Topic {
    Topic(
      name: "measures", abstract: "Measures of how good explanations are, for `espalier measure`.",
      parts: [
        .names(MeasureCatalog.all.map { ($0.name, $0.parameters) }),
        .text("Parameters stand behind a colon, with what they are by default: pixel-flipping:steps=40."),
      ])
  }

  fileprivate static var statistics: Topic {
    Topic(
      name: "statistics", abstract: "Statistics of filters, for `espalier stats`.",
      parts: [
        .names(
          StatisticCatalog.all.map { ($0.name, $0.summary + ($0.parameters.isEmpty ? "" : "; \($0.parameters)")) }),
        .text(
          """
          By default those of activations alone: \(StatisticCatalog.standard.map { $0.name }.joined(separator: ", ")). Of thinning=N \
          positions one is observed.
          """),
      ])
  }

  fileprivate static var criteria: Topic {
    Topic(
      name: "criteria", abstract: "Criteria: what a filter counts for.",
      parts: [
        .text("Of weights alone, for `espalier prune` and `espalier sensitivity`:"),
        .names(CriterionCatalog.all.map { ($0.name, $0.summary) }),
        .text("Of images and coupled filters, for the same verbs:"),
        .names(CriterionCatalog.data.map { ($0.name, $0.summary) }),
        .text("Of one pass over images, for these and `espalier score`:"),
        .names(ScoreCatalog.statistics.map { ($0.name, $0.summary) }),
        .text("Of the overlap with concepts, with --concepts:"),
        .names(ScoreCatalog.dissection.map { ($0.name, $0.summary) }),
      ])
  }

  fileprivate static var steps: Topic {
    Topic(
      name: "steps", abstract: "Steps of a chain, for `espalier compress`.",
      parts: StepCatalog.all.flatMap { kind in
        [Topic.Part.text("\(kind.name) \(kind.summary):"), .names(kind.keys.map { ($0.name, $0.meaning) })]
      } + [
        .text(
          """
          Behind the meaning stands, in parentheses, what holds where a key is not given. On the command line keys follow the \
          step's name, --step prune:criterion=lrp,budget=macs=0.5, and a value with commas stands in parentheses, \
          criterion=(obd:form=fisher). In a file each step is a table:
          """),
        .lines(
          """
          [[step]]
          name = "prune"
          criterion = "lrp"
          budget = "macs=0.5"

          [[step]]
          name = "tune"
          epochs = 5
          """),
      ])
  }

  fileprivate static var studies: Topic {
    Topic(
      name: "studies", abstract: "Files of `espalier study`.",
      parts: [
        .text(
          """
          A study is a TOML file. Paths in it are taken as on the command line, from the folder that the tool runs in.
          """),
        .lines(
          """
          title = "Criteria on Fashion-MNIST"
          seeds = [1, 2, 3]

          [data]                              # [[data]] with name, where there are several
          train = "fashion-mnist:train"       # for scores and tuning
          validation = "fashion-mnist:test"   # measured on
          per-class = 10                      # images for scores; limit, skip; train-limit and validation-limit for the rest
                                              # classes, preprocess, task, masks: as the options of the command line
          [[network]]
          name = "VGG"
          file = "Data/fashion-mnist-vgg.onnx"

          [[network]]
          name = "ResNet-20"
          architecture = "resnet20"           # input, classes; each-seed = true trains one for every seed
          train = { epochs = 10 }             # keys of the step tune; the rate is 0.1 if none is said

          [[method]]                          # settings of a pruning step that go together
          name = "LRP"
          criterion = "lrp"
          composite = "epsilon_plus"

          [[method]]
          name = "Taylor"
          criterion = "taylor-2017"

          [[chain]]                           # with name, where there are several

          [[chain.step]]                      # without criterion it is run by every method
          name = "prune"
          budget = ["macs=0.8", "macs=0.6", "macs=0.4", "macs=0.3", "macs=0.2"]

          [[chain.step]]
          name = "tune"
          epochs = 3

          [controls]
          arms = ["unpruned", "random", "magnitude", "magnitude-layer", "scratch-e", "scratch-b"]
          scratch = { epochs = 10 }           # for networks from files; others train as they were trained
          """),
        .text(
          """
          What a step takes is what `espalier help steps` says. A list is a factor: every value is tried with every other. A factor           that several steps share, or that is a part of a text, is listed in [factor] and stands in braces: with low =           ["epsilon", "zplus"] there, {low} in a text of a step; {seed} is the seed. Seeds go to tuning and to random           criteria; whatever else is to depend on them says seed = "{seed}".
          """),
        .text(
          """
          Controls are made of the first chain with the first value of every factor but the budget. unpruned: without its           pruning; random: filters by chance; magnitude and magnitude-layer: l1, all layers together and each alike; scratch-e and           scratch-b: the architectures that the first method finds, trained from new weights as long as the network was, or for as           many MACs.
          """),
        .text(
          """
          [report] may say bootstrap = 2000 (resamplings of intervals) and latency = false (networks are not timed). batch = 32 at           the head is the number of images that a worker takes at a time.
          """),
      ])
  }

  fileprivate static var formats: Topic {
    Topic(
      name: "formats", abstract: "Files that are read: data, classes, preprocessing, masks, concepts.",
      parts: FormatGuide.sections.flatMap { [Topic.Part.text($0.title), .lines($0.text)] })
  }

  fileprivate static var colours: Topic {
    Topic(
      name: "colours", abstract: "Colour maps of relevance, for --cmap.",
      parts: [
        .text("\(Colormap.names.joined(separator: ", ")); each runs the other way with _r behind its name."),
        .text(
          """
          Names with a middle, for signed relevance: coldnhot, bwr, seismic, france, coolio, coleus, coolwarm, RdBu, PuOr, PiYG, BrBG, \
          berlin. The first eleven are Zennit's, the others matplotlib's, from its tables. viridis, plasma, inferno, magma and cividis \
          rise evenly in lightness, for --norm absolute.
          """),
        .text(
          """
          Or two or more colours with commas between them, each RRGGBB or RGB, with its position from 00 to ff before it where it is not \
          evenly spaced: 00f,80:fff,f00 goes from blue through white in the middle to red.
          """),
      ])
  }
}
