import Tensors

/// The composites by name.
public enum CompositeCatalog {
  /// The names, the default first.
  public static let names = [
    "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_alpha2_beta1_flat", "epsilon_gamma_box", "deconvnet",
    "guided_backprop", "beta_smooth", "excitation_backprop", "gradient",
  ]

  /// Whether a specification names a file of rules, ``CompositeFile``.
  public static func isFile(_ specification: String) -> Bool { CompositeFile.isNamed(by: specification) }

  /// The composite that a specification `NAME[:key=value,…]` or `FILE.toml` means.
  ///
  /// Keys are `epsilon` and `stabilizer` (both 1e-6), for `epsilon_gamma_box` also `gamma` (0.25), `low` and `high` (needed), for
  /// `beta_smooth` `beta` (10).
  /// - Throws: `EspalierError` naming what is not known, and what is.
  public static func composite(_ specification: String) throws -> Composite {
    if CompositeFile.isNamed(by: specification) { return try CompositeFile.composite(specification) }
    let place = "composite '\(specification)'"
    let (name, given) = try naming(place: place) { try parameters(of: specification) }
    guard names.contains(name) else {
      throw EspalierError("there is no such composite", place: place, accepted: names.joined(separator: ", "))
    }
    var unused = given
    func number(_ key: String, default fallback: Float?) throws -> Float {
      guard let value = unused.removeValue(forKey: key) ?? fallback else {
        throw EspalierError("'\(key)' is missing", place: place, accepted: "\(name):\(key)=NUMBER")
      }
      return value
    }
    let isDecomposition = name.hasPrefix("epsilon") || name == "excitation_backprop"
    let stabilizer = Stabilizer(epsilon: isDecomposition ? try number("stabilizer", default: 1e-6) : 1e-6)
    let epsilon = EpsilonRule(Stabilizer(epsilon: name.hasPrefix("epsilon") ? try number("epsilon", default: 1e-6) : 1e-6))
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
          layered(GammaRule(gamma: try number("gamma", default: 0.25), stabilizer: stabilizer)),
          (
            [.convolution],
            try naming(place: place) {
              try ZBoxRule(low: number("low", default: nil), high: number("high", default: nil), stabilizer: stabilizer)
            }
          )
        )
      case "deconvnet": ([.relu: ReLUDeconvNetRule()], nil)
      case "guided_backprop": ([.relu: ReLUGuidedBackpropRule()], nil)
      case "beta_smooth": ([.relu: ReLUBetaSmoothRule(beta: try number("beta", default: 10))], nil)
      case "excitation_backprop":
        (
          [
            .convolution: ZPlusRule(stabilizer), .dense: ZPlusRule(stabilizer), .sum: NormRule(stabilizer),
            .averagePool: NormRule(stabilizer),
          ], nil
        )
      default: ([:], nil)
      }
    guard unused.isEmpty else {
      throw EspalierError("'\(unused.keys.sorted()[0])' is not a parameter of \(name)", place: place)
    }
    return Composite(specification, rules: rules, first: first)
  }

  private static func parameters(of specification: String) throws -> (name: String, [String: Float]) {
    let halves = specification.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var values: [String: Float] = [:]
    for pair in halves.count > 1 ? halves[1].split(separator: ",", omittingEmptySubsequences: false) : [] {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, let value = Float(sides[1]), value.isFinite else {
        throw EspalierError("'\(pair)' is not a parameter", accepted: "key=number")
      }
      guard values.updateValue(value, forKey: String(sides[0])) == nil else {
        throw EspalierError("'\(sides[0])' is given twice")
      }
    }
    return (String(halves[0]), values)
  }
}
