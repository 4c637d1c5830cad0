import Datasets

/// Whether the position of the greatest relevance lies in the object: 1 or 0.
///
/// A position counts as in the object if a pixel of the mask is at most `tolerance` pixels away (Euclidean, in the network's
/// input); Zhang et al. allow 15 at their images' own size, the default here is 0. Where several positions share the greatest
/// value, the share of them that hit counts: a map that is the same everywhere gets the object's share of the image. `sign` says
/// whether relevance counts as it is (`signed`, default) or by its magnitude (`absolute`).
///
/// Source: Zhang, Bargal, Lin, Brandt, Shen, Sclaroff, "Top-down neural attention by excitation backprop", IJCV 2018, section
/// 4.1.
public struct PointingGameMeasure: MapMeasure {
  public static let name = "pointing-game"
  public static let parameters = "tolerance=0,sign=signed"
  public static let needsMask = true

  /// How far from the object still counts, in pixels.
  public let tolerance: Double
  /// What negative relevance counts.
  public let sign: RelevanceSign

  /// Makes the measure.
  ///
  /// - Throws: `EspalierError` if the tolerance is negative.
  public init(_ parameters: inout ParameterList) throws {
    tolerance = try parameters.number("tolerance", default: 0, in: 0...65536)
    sign = try parameters.choice("sign", default: .signed)
  }

  public var better: MeasureDirection { .higher }

  public func value(of map: RelevanceMap, mask: BitMask?) -> Double? {
    guard let mask else { return nil }
    let values = map.values(sign)
    guard let greatest = values.max() else { return nil }
    let positions = values.indices.filter { values[$0] == greatest }
    let hits = positions.filter { isNear(row: $0 / map.width, column: $0 % map.width, mask) }
    return Double(hits.count) / Double(positions.count)
  }

  private func isNear(row: Int, column: Int, _ mask: BitMask) -> Bool {
    let reach = Int(tolerance)
    for y in max(0, row - reach)...min(mask.height - 1, row + reach) {
      for x in max(0, column - reach)...min(mask.width - 1, column + reach) where mask[y, x] {
        let (dy, dx) = (Double(y - row), Double(x - column))
        if dy * dy + dx * dx <= tolerance * tolerance { return true }
      }
    }
    return false
  }
}
