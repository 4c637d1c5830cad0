import Tensors

/// APoZ, the average percentage of zeros: the share of images and positions where a channel's activation is exactly 0, 0 … 1.
///
/// Source: Hu, Peng, Tai, Tang, "Network trimming", arXiv:1607.03250, equation 1. It says something only behind an activation
/// with exact zeros, such as ReLU.
public struct ZerosStatistic: Statistic {
  public static let name = "zeros"
  public static let summary = "share of exact zeros (APoZ)"
  public static let phase = Phase.forward
  public static let mergesExactly = true

  private var sums: ChannelSums

  public init(_ site: SiteShape, _ settings: StatisticSettings) { sums = ChannelSums(1, channels: site.channels) }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    sums.count(tile)
    sums.add(SIMD8<Double>(tile.summary.zeros), to: 0, tile)
  }

  public mutating func merge(_ later: ZerosStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [StatisticResult("apoz", "share of activations that are exactly 0", sums.meanOverPositions(0))]
  }
}
