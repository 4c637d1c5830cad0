import Analysis
import Tensors

/// Scores drawn uniformly from 0 to 1: the control that every criterion must beat.
///
/// A filter's score depends on the seed, its layer's name and its position only.
public struct RandomCriterion: WeightCriterion {
  public static let name = "random"
  public static let summary = "drawn at random (seed=N)"
  public static let isComparable = true

  private let seed: UInt64

  public init(_ parameters: inout ParameterList) throws { seed = try parameters.seed() }

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    FilterScores(
      Dictionary(
        network.layers.map { layer in
          var random = Philox(seed: seed, stream: Philox.stream(named: layer.name))
          return (layer.name, (0..<layer.weights.shape[0]).map { _ in random.uniform() })
        }, uniquingKeysWith: { first, _ in first }))
  }
}
