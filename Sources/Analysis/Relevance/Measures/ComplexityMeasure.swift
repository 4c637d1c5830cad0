import Datasets
import Foundation

/// The entropy of the magnitudes of relevance, in nats: 0 where one position has all, the logarithm of the number of positions
/// where all have the same; low is good.
///
/// With the shares p of the magnitudes in their sum, `−Σ p log p`. Not defined where all are 0. Channels are summed first.
///
/// Source: Bhatt, Weller, Moura, "Evaluating and aggregating feature-based model explanations", IJCAI 2020, definition 3.
public struct ComplexityMeasure: MapMeasure {
  public static let name = "complexity"
  public static let needsMask = false

  /// Makes the measure.
  public init(_ parameters: inout ParameterList) {}

  public var better: MeasureDirection { .lower }

  public func value(of map: RelevanceMap, mask: BitMask?) -> Double? {
    let values = map.values(.absolute)
    let total = values.reduce(0, +)
    guard total > 0, total.isFinite else { return nil }
    return values.reduce(0) { sum, value in
      let share = value / total
      return share > 0 ? sum - share * log(share) : sum
    }
  }
}
