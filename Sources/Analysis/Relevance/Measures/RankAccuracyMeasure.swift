import Datasets

/// The share of the K positions with the greatest relevance that lie in the object, where the object has K pixels.
///
/// Of several positions that share the K-th greatest value, as large a part counts as still fits: a map that is the same
/// everywhere gets the object's share of the image. Negative relevance counts as nothing (`sign=positive`, default), by its
/// magnitude (`absolute`) or as it is (`signed`).
///
/// Source: Arras, Osman, Samek, "CLEVR-XAI: a benchmark dataset for the ground truth evaluation of neural network explanations",
/// Information Fusion 2022, equation 2, which does not speak of equals.
public struct RankAccuracyMeasure: MapMeasure {
  public static let name = "rank-accuracy"
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
    let size = mask.count
    guard size > 0, size <= values.count else { return nil }
    let threshold = values.sorted(by: >)[size - 1]
    var (above, equal, aboveInside, equalInside) = (0, 0, 0, 0)
    for (position, value) in values.enumerated() where value >= threshold {
      let isInside = mask[position / map.width, position % map.width]
      if value > threshold {
        above += 1
        aboveInside += isInside ? 1 : 0
      } else {
        equal += 1
        equalInside += isInside ? 1 : 0
      }
    }
    return (Double(aboveInside) + Double(size - above) * Double(equalInside) / Double(equal)) / Double(size)
  }

  public var better: MeasureDirection { .higher }
}
