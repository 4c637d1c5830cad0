import Analysis
import Tensors

/// inorm, the mean magnitude of a node's incoming weights.
///
/// Source: T. He et al., ICASSP 2014 (see ``OutgoingNormCriterion``). Within a layer its order is that of `l1`.
public struct IncomingNormCriterion: WeightCriterion {
  public static let name = "inorm"
  public static let summary = "mean |incoming weight| (He et al. 2014)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    network.scores { layer in
      layer.filters.map { filter in filter.reduce(0) { $0 + abs(Double($1)) } / Double(max(filter.count, 1)) }
    }
  }
}
