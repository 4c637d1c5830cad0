import Analysis
import Networks
import Tensors

/// The magnitude of the scale γ of the batch norm behind a filter.
///
/// Source: Z. Liu, J. Li, Z. Shen, G. Huang, S. Yan, C. Zhang, "Learning efficient convolutional networks through network
/// slimming", ICCV 2017, section 3; there γ is trained under an L1 penalty, here it is taken as it is. Filters without a batch
/// norm that alone reads them have no score, and stay.
public struct BatchNormScaleCriterion: WeightCriterion {
  public static let name = "bn-scale"
  public static let summary = "|γ| of the batch norm behind (Liu et al. 2017)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork) throws -> FilterScores {
    var scores: [String: [Double]] = [:]
    for layer in network.layers {
      let parameters = layer.norm?.parameters(in: network.graph, layer.weights.shape[0])
      if let parameters { scores[layer.name] = parameters[0].map { abs($0) } }
    }
    guard !scores.isEmpty else {
      throw EspalierError(
        "no layer has a batch norm behind it", location: "criterion '\(Self.name)'", accepted: "another criterion")
    }
    return FilterScores(scores)
  }
}
