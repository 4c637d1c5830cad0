import Analysis
import Tensors

/// The sum of magnitudes of a filter's weights, Σ |F_j|.
///
/// Source: H. Li, A. Kadav, I. Durdanovic, H. Samet, H. P. Graf, "Pruning filters for efficient ConvNets", ICLR 2017, section
/// 3.1; the norms of the network as it is (the paper's independent pruning), bias and batch norm left out.
public struct L1Criterion: WeightCriterion {
  public static let name = "l1"
  public static let summary = "Σ |w| of a filter (Li et al. 2017)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    network.scores { layer in layer.filters.map { filter in filter.reduce(0) { $0 + abs(Double($1)) } } }
  }
}
