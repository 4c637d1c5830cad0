import Tensors

/// The least and the greatest activation of a channel.
public struct RangeStatistic: Statistic {
  public static let name = "range"
  public static let summary = "least and greatest activation"
  public static let phase = Phase.forward
  public static let mergesExactly = true

  private var least: [Float]
  private var greatest: [Float]

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    least = [Float](repeating: .infinity, count: site.channels)
    greatest = [Float](repeating: -.infinity, count: site.channels)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    for lane in 0..<tile.lanes {
      least[tile.channel + lane] = min(least[tile.channel + lane], tile.summary.minimum[lane])
      greatest[tile.channel + lane] = max(greatest[tile.channel + lane], tile.summary.maximum[lane])
    }
  }

  public mutating func merge(_ later: RangeStatistic) {
    for channel in least.indices {
      least[channel] = min(least[channel], later.least[channel])
      greatest[channel] = max(greatest[channel], later.greatest[channel])
    }
  }

  public func encode(into state: inout StateEncoder) {
    state.append(least)
    state.append(greatest)
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    least = try state.array(of: Float.self, count: least.count)
    greatest = try state.array(of: Float.self, count: greatest.count)
  }

  public var results: [StatisticResult] {
    func tensor(_ values: [Float]) -> Tensor<Double> {
      Tensor(values.map { $0.isFinite ? Double($0) : .nan }, shape: [values.count])
    }
    return [
      StatisticResult("minimum", "least activation", tensor(least)),
      StatisticResult("maximum", "greatest activation", tensor(greatest)),
    ]
  }
}
