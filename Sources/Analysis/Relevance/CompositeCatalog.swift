import Tensors

/// The composites by name.
public enum CompositeCatalog {
  /// The names, the default first.
  public static let names = [
    "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_alpha2_beta1_flat", "epsilon_gamma_box", "deconvnet",
    "guided_backprop", "beta_smooth", "excitation_backprop", "by_depth", "attnlrp", "cp_lrp", "gradient",
  ]

  /// Whether a specification names a file of rules, ``CompositeFile``.
  public static func isFile(_ specification: String) -> Bool { CompositeFile.isNamed(by: specification) }

  /// The composite that a specification `NAME[:key=value,…]` or `FILE.toml` means.
  ///
  /// Keys are `epsilon` and `stabilizer` (both 1e-6), for `epsilon_gamma_box` also `gamma` (0.25), `low` and `high` (needed; one
  /// number, or one a channel with strokes between them), for `by_depth` rules as `low`, `mid`, `high` and `fc`, for `beta_smooth` `beta` (10), for `attnlrp` and `cp_lrp` `conv_gamma`
  /// and `lin_gamma` (0, which is the epsilon rule).
  /// - Throws: `EspalierError` naming what is not known, and what is.
  public static func composite(_ specification: String) throws -> Composite {
    if CompositeFile.isNamed(by: specification) { return try CompositeFile.composite(specification) }
    var list = try ParameterList(specification)
    guard names.contains(list.name) else {
      throw EspalierError(unknown: "composite", list.name, among: names, topic: "composites")
    }
    return try naming(location: "composite '\(specification)'") {
      let composite = try composite(&list)
      try list.finish()
      return composite
    }
  }

  private static func composite(_ list: inout ParameterList) throws -> Composite {
    let name = list.name
    if name == "attnlrp" || name == "cp_lrp" { return try transformer(&list) }
    if name == "by_depth" { return try byDepth(&list) }
    let isDecomposition = name.hasPrefix("epsilon") || name == "excitation_backprop"
    let stabilizer = Stabilizer(epsilon: isDecomposition ? try list.float("stabilizer", default: 1e-6, from: 0) : 1e-6)
    let epsilon = EpsilonRule(
      Stabilizer(epsilon: name.hasPrefix("epsilon") ? try list.float("epsilon", default: 1e-6, from: 0) : 1e-6))
    let base: [LayerKind: any Rule] = [
      .relu: PassRule(), .activation: PassRule(), .batchNorm: PassRule(), .sum: NormRule(stabilizer),
      .averagePool: NormRule(stabilizer),
    ]
    func layered(_ convolution: any Rule) -> [LayerKind: any Rule] {
      base.merging([.convolution: convolution, .dense: epsilon]) { $1 }
    }
    let linear: Set<LayerKind> = [.convolution, .dense]
    let flat = (kinds: linear, rule: FlatRule(stabilizer) as any Rule)
    let (rules, first): ([LayerKind: any Rule], (kinds: Set<LayerKind>, rule: any Rule)?) =
      switch name {
      case "epsilon_plus": (layered(ZPlusRule(stabilizer)), nil)
      case "epsilon_plus_flat": (layered(ZPlusRule(stabilizer)), flat)
      case "epsilon_alpha2_beta1": (layered(AlphaBetaRule(unchecked: 2, 1, stabilizer: stabilizer)), nil)
      case "epsilon_alpha2_beta1_flat": (layered(AlphaBetaRule(unchecked: 2, 1, stabilizer: stabilizer)), flat)
      case "epsilon_gamma_box":
        (
          layered(GammaRule(gamma: try list.float("gamma", default: 0.25, from: 0), stabilizer: stabilizer)),
          (
            [.convolution],
            try ZBoxRule(low: list.floats("low"), high: list.floats("high"), stabilizer: stabilizer)
          )
        )
      case "deconvnet": ([.relu: ReLUDeconvNetRule()], nil)
      case "guided_backprop": ([.relu: ReLUGuidedBackpropRule()], nil)
      case "beta_smooth": ([.relu: ReLUBetaSmoothRule(beta: try list.float("beta", default: 10))], nil)
      case "excitation_backprop":
        (
          [
            .convolution: ZPlusRule(stabilizer), .dense: ZPlusRule(stabilizer), .sum: NormRule(stabilizer),
            .averagePool: NormRule(stabilizer),
          ], nil
        )
      case "gradient": ([:], nil)
      default: throw EspalierError("the composite is listed, but has no rules")
      }
    return Composite(list.text, rules: rules, first: first)
  }

  /// Rules by the depth of convolutions: a rule, with its defaults, for the first, the middle and the last third, and one for linear
  /// layers, as `low`, `mid`, `high` and `fc`; `epsilon_plus` where none is said.
  ///
  /// Source: S. Hatefi et al., "Pruning by eXplaining Revisited", 2024, who choose the groups of each architecture by hand; of
  /// VGG-16's thirteen convolutions these are the same.
  private static func byDepth(_ list: inout ParameterList) throws -> Composite {
    let stabilizer = Stabilizer(epsilon: try list.float("stabilizer", default: 1e-6, from: 0))
    func rule(_ key: String, _ usual: String) throws -> any Rule {
      let name = list.text(key) ?? usual
      if name == "alpha2_beta1" { return AlphaBetaRule(unchecked: 2, 1, stabilizer: stabilizer) }
      return try naming(location: key) { try RuleCatalog.rule(ParameterList(name)) }
    }
    let thirds = try CompositeEntry.Third.allCases.map { third in
      CompositeEntry(kinds: [.convolution], position: .third(third), rule: try rule(third.rawValue, "zplus"))
    }
    return Composite(
      list.text,
      rules: [
        .relu: PassRule(), .activation: PassRule(), .batchNorm: PassRule(), .sum: NormRule(stabilizer),
        .averagePool: NormRule(stabilizer), .dense: try rule("fc", "epsilon"),
      ], entries: thirds)
  }

  /// AttnLRP and CP-LRP, which have a rule for whatever transformers are made of.
  ///
  /// Source: Achtibat et al., "AttnLRP: attention-aware layer-wise relevance propagation for transformers", ICML 2024; Ali et al.,
  /// "XAI for transformers: better explanations through conservative propagation", ICML 2022. As LXT's `lxt.explicit` puts them
  /// together; activations, scales and what else depends on one number of the input pass relevance on (equation 9 there).
  /// A batch norm that is not folded into a layer shifts, and so has the epsilon rule (equation 8), where zennit passes relevance on.
  /// `conv_gamma` and `lin_gamma` are those of LXT's example of a vision transformer, where the projections of an attention, being no
  /// modules, keep the epsilon rule: here `lin_gamma` is for every linear layer.
  private static func transformer(_ list: inout ParameterList) throws -> Composite {
    let stabilizer = Stabilizer(epsilon: try list.float("stabilizer", default: 1e-6, from: 0))
    let epsilon = EpsilonRule(Stabilizer(epsilon: try list.float("epsilon", default: 1e-6, from: 0)))
    func linear(_ key: String) throws -> any Rule {
      let gamma = try list.float(key, default: 0, from: 0)
      return gamma == 0 ? epsilon : GammaRule(gamma: gamma, stabilizer: stabilizer)
    }
    let softmax: any Rule = list.name == "cp_lrp" ? StopRule() : TaylorRule()
    var rules: [LayerKind: any Rule] = [
      .convolution: try linear("conv_gamma"), .dense: try linear("lin_gamma"), .softmax: softmax,
      .matrixProduct: UniformEpsilonRule(stabilizer), .product: UniformRule(), .layerNorm: LayerNormRule(stabilizer),
    ]
    for kind in [LayerKind.relu, .activation, .scale, .quotient, .function] { rules[kind] = PassRule() }
    for kind in [LayerKind.sum, .difference, .offset, .averagePool, .reduction, .batchNorm] { rules[kind] = NormRule(stabilizer) }
    return Composite(list.text, rules: rules)
  }
}
