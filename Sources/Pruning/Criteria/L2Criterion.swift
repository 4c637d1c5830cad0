import Analysis
import Tensors

/// The Euclidean norm of a filter's weights, √Σ F_j².
///
/// Source: Y. He, G. Kang, X. Dong, Y. Fu, Y. Yang, "Soft filter pruning", IJCAI 2018, equation 2 with p = 2; bias and batch norm
/// left out.
public struct L2Criterion: WeightCriterion {
  public static let name = "l2"
  public static let summary = "√Σ w² of a filter (He et al. 2018)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    network.scores { layer in
      layer.filters.map { filter in filter.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    }
  }
}
