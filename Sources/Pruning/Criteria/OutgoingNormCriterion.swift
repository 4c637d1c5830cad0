import Analysis
import Tensors

/// onorm, the mean magnitude of a node's outgoing weights: 1/n Σ_k |w_{k←i}| over the n weights that read it.
///
/// Source: T. He, Y. Fan, Y. Qian, T. Tan, K. Yu, "Reshaping deep neural network for fast decoding by node-pruning", ICASSP 2014,
/// the output-weights norm; the formula is from memory of the paper. Ours for convolutions: n counts filters and taps; for
/// channels that several layers read, the weights of all of them; coupled filters score alike.
public struct OutgoingNormCriterion: WeightCriterion {
  public static let name = "onorm"
  public static let summary = "mean |outgoing weight| (He et al. 2014)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    var scores: [Int: Double] = [:]
    for group in network.groups.removable {
      let readers = network.readers(of: group)
      for (position, channel) in group.channels.enumerated() {
        let weights = readers.flatMap { reader in reader.positions[position].flatMap { reader.weights(at: $0) } }
        guard !weights.isEmpty else { continue }
        scores[channel.id] = weights.reduce(0) { $0 + abs($1) } / Double(weights.count)
      }
    }
    return FilterScores(ofClasses: scores, in: network.groups)
  }
}
