import Foundation
import Networks

/// How much more complex the map is when the network has forgotten all that it learned: high is good.
///
/// All weights and biases of the convolutions and linear layers are replaced as in ``RandomisationMeasure``; the number is
/// `(H(changed) − H(original)) / H(original)`, where H is the entropy of the histogram of a map's relevance, in `bins` equal bins
/// from its least to its greatest. Not defined where the original's entropy is 0.
///
/// Hedström et al. also adapt the number of bins to the maps' range; here, as in Quantus unless told otherwise, it is fixed.
///
/// Source: Hedström, Weber, Lapuschkin, Höhne, "Sanity checks revisited: an exploration to repair the model parameter
/// randomisation test", XAI in Action workshop, NeurIPS 2023, section 3.2.
public struct EfficientRandomisationMeasure: NetworkMeasure {
  public static let name = "efficient-randomisation"
  public static let parameters = "bins=100,sign=signed,seed=0"

  /// The number of bins.
  public let bins: Int
  /// What negative relevance counts.
  public let sign: RelevanceSign
  /// The seed of the weights.
  public let seed: UInt64

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` naming a parameter that is out of range.
  public init(_ parameters: inout ParameterList) throws {
    bins = try parameters.integer("bins", default: 100, in: 2...100_000)
    sign = try parameters.choice("sign", default: .signed)
    seed = try parameters.seed()
  }

  public var better: MeasureDirection { .higher }

  public func stages(of graph: Graph) throws -> [(name: String, graph: Graph)] {
    var parameters = try ParameterList("\(RandomisationMeasure.name):stages=1,seed=\(seed)")
    return try RandomisationMeasure(&parameters).stages(of: graph)
  }

  public func similarity(_ map: RelevanceMap, _ original: RelevanceMap) -> Double? {
    let before = entropy(original.values(sign))
    return before > 0 ? (entropy(map.values(sign)) - before) / before : nil
  }

  /// The entropy of a histogram, in nats; equal values lie in one bin.
  func entropy(_ values: [Double]) -> Double {
    guard let low = values.min(), let high = values.max(), high > low else { return 0 }
    var counts = [Int](repeating: 0, count: bins)
    for value in values { counts[min(Int((value - low) / (high - low) * Double(bins)), bins - 1)] += 1 }
    return counts.reduce(0) { sum, count in
      let share = Double(count) / Double(values.count)
      return share > 0 ? sum - share * log(share) : sum
    }
  }
}
