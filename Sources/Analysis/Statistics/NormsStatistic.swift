import Tensors

/// L1 and L2 of a channel's activations over images and positions: the mean of |a|, and √(Σ a²) of all.
public struct NormsStatistic: Statistic {
  public static let name = "norms"
  public static let summary = "mean magnitude and Euclidean norm"
  public static let phase = Phase.forward

  private var sums: ChannelSums

  public init(_ site: SiteShape, _ settings: StatisticSettings) { sums = ChannelSums(2, channels: site.channels) }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    sums.count(tile)
    sums.add(tile.summary.absolute, to: 0, tile)
    sums.add(tile.summary.squares, to: 1, tile)
  }

  public mutating func merge(_ later: NormsStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [
      StatisticResult("mean-absolute", "mean of |activation| over images and positions", sums.meanOverPositions(0)),
      StatisticResult("l1", "sum of |activation| over images and positions", sums.total(0)),
      StatisticResult("l2", "square root of the sum of squared activations", sums.total(1) { $0.squareRoot() }),
    ]
  }
}
