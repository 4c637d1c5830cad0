import Analysis
import Tensors

/// A layer whose channels' relevance is stored.
public struct RelevanceLayer: Hashable, Sendable {
  /// The name of its datasets: the node's own without a leading slash and with every other slash as a dot.
  public var name: String
  /// The node's name as it is in the model.
  public var node: String
  /// Its position in execution order.
  public var order: Int
  /// The number of its channels.
  public var channels: Int

  /// Makes the description of a layer.
  public init(name: String, node: String, order: Int, channels: Int) {
    self.name = name
    self.node = node
    self.order = order
    self.channels = channels
  }
}

/// Whether relevance maps are stored, and how exactly.
public enum MapPrecision: String, CaseIterable, Sendable {
  case none, float16, float32
}

/// What a relevance file holds beside its numbers.
public struct RelevanceSchema: Hashable, Sendable {
  /// The lengths of a map's axes, [C, H, W].
  public var map: Shape
  /// The number of the network's outputs, K.
  public var classes: Int
  /// The names of the classes, K of them; empty where they are not known.
  public var classNames: [String]
  /// The layers, in execution order.
  public var layers: [RelevanceLayer]
  /// The products of attention with values, in execution order; their channels are heads.
  public var heads: [RelevanceLayer]
  /// How maps are stored.
  public var precision: MapPrecision
  /// Whether the images have labels; without them the predicted class stands in `label`.
  public var isLabelled: Bool
  /// Whether `prediction` holds the share of positions at which each class is the predicted one, of an output with positions.
  public var predictsShares: Bool
  /// Whether each image has a target of its own, which the data name.
  public var hasTargets: Bool
  /// The most images a filter for which the most relevant and the most activating ones are told; 0 for none.
  public var top: Int
  /// The layers of which it is told what they conserve; empty for none.
  public var conservation: [ConservationSite]
  /// How the numbers came about, by ``provenanceNames``; stored as attributes of the file.
  public var provenance: [String: String]

  /// What a file says about how its numbers came about.
  public static let provenanceNames = [
    "model", "model_sha256", "model_output", "data", "data_sha256", "dataset_sha256", "preprocessing", "inputs", "attributor",
    "composite",
    "target",
    "start", "from", "espalier",
  ]

  /// Makes a schema.
  ///
  /// - Precondition: `map` has three axes; there is a name for every class, or for none.
  public init(
    map: Shape, classes: Int, classNames: [String] = [], layers: [RelevanceLayer], heads: [RelevanceLayer] = [],
    precision: MapPrecision = .float32, isLabelled: Bool = true, predictsShares: Bool = false, hasTargets: Bool = false,
    top: Int = 0, conservation: [ConservationSite] = [], provenance: [String: String] = [:]
  ) {
    precondition(map.rank == 3, "a map has the axes C, H and W, not \(map)")
    precondition(Set(provenance.keys).isSubset(of: RelevanceSchema.provenanceNames), "unknown provenance \(provenance.keys)")
    precondition(classNames.isEmpty || classNames.count == classes, "\(classNames.count) names for \(classes) classes")
    self.map = map
    self.classes = classes
    self.classNames = classNames
    self.layers = layers
    self.heads = heads
    self.precision = precision
    self.isLabelled = isLabelled
    self.predictsShares = predictsShares
    self.hasTargets = hasTargets
    self.top = top
    self.conservation = conservation
    self.provenance = provenance
  }
}

extension RelevanceSchema {
  /// What the numbers are in: a gradient is no share of anything, and a share is one of what relevance starts from.
  var unit: String {
    let attributor = provenance["attributor"].map { $0.prefix { $0 != ":" } } ?? "lrp"
    let composite = provenance["composite"].map { $0.prefix { $0 != ":" } } ?? ""
    switch attributor {
    case "gradient", "smoothgrad": return "output per input"
    case "input-x-gradient", "integrated-gradients", "occlusion": return "output"
    case "lrp":
      if ["gradient", "deconvnet", "guided_backprop", "beta_smooth"].contains(composite) { return "output per input" }
      return provenance["start"] == "logit" ? "output" : "share of the start relevance"
    default: return "arbitrary"
    }
  }
}

/// The results of n images, one row each.
public struct RelevanceRows: Hashable, Sendable {
  /// The images' positions in the data set.
  public var indices: [UInt32]
  /// The true classes, or the predicted ones of unlabelled images.
  public var labels: [UInt16]
  /// The network's output before a final softmax, or the shares of positions, [n, K].
  public var predictions: Tensor<Float>
  /// The relevance of the input, [n, C, H, W]; nil where maps are not stored.
  public var attribution: Tensor<Float>?
  /// The relevance of each layer's channels, summed over space, [n, channels] a layer.
  public var signed: [Tensor<Float>]
  /// The absolute relevance of each layer's channels, summed over space, [n, channels] a layer.
  public var absolute: [Tensor<Float>]
  /// The relevance of each attention's heads, summed over tokens and width, [n, heads] an attention.
  public var heads: [Tensor<Float>]
  /// The greatest activation of each layer's channels over space, [n, channels] a layer; empty where none are stored.
  public var maxima: [Tensor<Float>]
  /// What each layer conserves, [n, layers, 5] by `ConservationTerm`; nil where it is not stored.
  public var conservation: Tensor<Double>?
  /// The classes whose relevance it is, where the data name one an image; else empty.
  public var targets: [UInt16]

  /// Makes rows.
  public init(
    indices: [UInt32], labels: [UInt16], predictions: Tensor<Float>, attribution: Tensor<Float>?, signed: [Tensor<Float>],
    absolute: [Tensor<Float>], heads: [Tensor<Float>] = [], maxima: [Tensor<Float>] = [], conservation: Tensor<Double>? = nil,
    targets: [UInt16] = []
  ) {
    self.targets = targets
    self.indices = indices
    self.labels = labels
    self.predictions = predictions
    self.attribution = attribution
    self.signed = signed
    self.absolute = absolute
    self.heads = heads
    self.maxima = maxima
    self.conservation = conservation
  }

  /// The number of images, n.
  public var count: Int { indices.count }
}
