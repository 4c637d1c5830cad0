import Tensors

/// Fisher information of a mask on the channel: Σ over images of (∂L/∂m)², with ∂L/∂m = Σ over positions of a g at m = 1.
///
/// Source: Liu et al., "Group Fisher pruning for practical network compression", ICML 2021, equations 4 and 5; per image, as the
/// paper derives it. The sum inside the square over channels that share a mask belongs to the criterion.
public struct FisherStatistic: Statistic {
  public static let name = "fisher"
  public static let summary = "squared gradients of a channel mask, summed over images"
  public static let phase = Phase.gradient

  private var sums: ChannelSums

  public init(_ site: SiteShape, _ settings: StatisticSettings) { sums = ChannelSums(1, channels: site.channels) }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let product = tile.companionSummary!.product
    sums.count(tile)
    sums.add(product * product, to: 0, tile)
  }

  public mutating func merge(_ later: FisherStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [StatisticResult("fisher", "sum over images of (sum over positions of a·g)²", sums.total(0))]
  }
}
