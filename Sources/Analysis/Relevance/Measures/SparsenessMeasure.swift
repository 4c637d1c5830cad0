import Datasets

/// The Gini index of the magnitudes of relevance: 0 where all positions have the same, towards 1 where one has all.
///
/// With the d magnitudes in rising order, `1 − 2 Σₖ (vₖ / Σv) · (d − k + ½) / d`. Not defined where all are 0. Chalasani et al.
/// take every number of the input; here channels are summed first.
///
/// Source: Chalasani, Chen, Chowdhury, Jha, Wu, "Concise explanations of neural networks using adversarial training", ICML 2020.
public struct SparsenessMeasure: MapMeasure {
  public static let name = "sparseness"
  public static let needsMask = false

  /// Makes the measure.
  public init(_ parameters: inout ParameterList) {}

  public var better: MeasureDirection { .higher }

  public func value(of map: RelevanceMap, mask: BitMask?) -> Double? {
    let values = map.values(.absolute).sorted()
    let total = values.reduce(0, +)
    guard total > 0 else { return nil }
    let count = Double(values.count)
    let sum = values.enumerated().reduce(0.0) { $0 + $1.element / total * (count - Double($1.offset) - 0.5) / count }
    return 1 - 2 * sum
  }
}
