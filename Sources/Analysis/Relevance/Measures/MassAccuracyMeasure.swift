import Datasets

/// The share of all relevance that lies in the object: `Σ R over the mask / Σ R over the image`.
///
/// Negative relevance counts as nothing (`sign=positive`, default), by its magnitude (`absolute`) or as it is (`signed`). Not
/// defined where the sum over the image is 0. Arras et al. pool channels in several ways first; here they are summed.
///
/// Source: Arras, Osman, Samek, "CLEVR-XAI: a benchmark dataset for the ground truth evaluation of neural network explanations",
/// Information Fusion 2022, equation 1.
public struct MassAccuracyMeasure: MapMeasure {
  public static let name = "mass-accuracy"
  public static let parameters = "sign=positive"
  public static let needsMask = true

  /// What negative relevance counts.
  public let sign: RelevanceSign

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` if the sign is not known.
  public init(_ parameters: inout ParameterList) throws { sign = try parameters.choice("sign", default: .positive) }

  public func value(of map: RelevanceMap, mask: BitMask?) -> Double? {
    guard let mask else { return nil }
    let values = map.values(sign)
    let total = values.reduce(0, +)
    guard total != 0 else { return nil }
    var inside = 0.0
    for (position, value) in values.enumerated() where mask[position / map.width, position % map.width] { inside += value }
    return inside / total
  }

  public var better: MeasureDirection { .higher }
}
