import Analysis
import Tensors

/// Taylor's criterion of 2017 less what a filter costs: Θ_k / √(Σ_j Θ_j²) − λ Θ^flops, with Θ `taylor-2017` and Θ^flops the
/// millions of FLOPs (2 · MACs) of one filter of the layer in the network as it is.
///
/// Source: P. Molchanov, S. Tyree, T. Karras, T. Aila, J. Kautz, "Pruning convolutional neural networks for resource efficient
/// inference", ICLR 2017, equation 10 and section 3.2; λ = 10⁻³ and the unit are from memory of the paper. Scores are brought to
/// a common scale before the term is taken off: prune without `--normalise`.
public struct TaylorFLOPsCriterion: DataCriterion {
  public static let name = "taylor-2017-flops"
  public static let summary = "taylor-2017 ÷ L2 − lambda (0.001) · MFLOPs of a filter (Molchanov et al. 2017)"
  public static let isComparable = true

  private let lambda: Double

  public init(_ parameters: inout ParameterList) throws {
    lambda = try parameters.number("lambda", default: 1e-3, in: 0 ... .greatestFiniteMagnitude)
  }

  public var isOfLoss: Bool { true }

  public func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores {
    var scores = try images.catalogued("taylor-2017").normalised(.l2)
    let macs = try network.groups.map.macsOfFilters()
    for layer in network.layers {
      guard let cost = macs[layer.node.id] else { continue }
      scores.layers[layer.name] = scores.layers[layer.name]?.map { $0.map { $0 - lambda * 2 * cost / 1e6 } }
    }
    return scores
  }
}
