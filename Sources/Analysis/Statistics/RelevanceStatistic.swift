import Tensors

/// The relevance that arrives at a channel, summed over positions and images, in the forms that papers use.
///
/// Sources: `relevance` the signed sum (Yeom et al., "Pruning by explaining", 2021, their VGG code); `relevance-pixel` the sum of
/// |R| at every position (their ResNet code); `relevance-sample` the sum over images of |Σ R| (Hatefi et al., "Pruning by
/// explaining revisited", 2024); `relevance-final` the magnitude of the signed sum; `relevance-positive` the sum over images of
/// max(Σ R, 0).
public struct RelevanceStatistic: Statistic {
  public static let name = "relevance"
  public static let summary = "relevance of the channel, in all published forms"
  public static let phase = Phase.relevance

  private var sums: ChannelSums

  public init(_ site: SiteShape, _ settings: StatisticSettings) { sums = ChannelSums(4, channels: site.channels) }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let relevance = tile.companionSummary!
    sums.count(tile)
    sums.add(relevance.sum, to: 0, tile)
    sums.add(relevance.absolute, to: 1, tile)
    sums.add(magnitude(relevance.sum), to: 2, tile)
    sums.add(relevance.sum.replacing(with: 0, where: relevance.sum .< 0), to: 3, tile)
  }

  public mutating func merge(_ later: RelevanceStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [
      StatisticResult("relevance", "relevance, summed over images and positions", sums.total(0)),
      StatisticResult("relevance-pixel", "|relevance| of each position, summed over images and positions", sums.total(1)),
      StatisticResult("relevance-sample", "|relevance of an image|, summed over images", sums.total(2)),
      StatisticResult("relevance-final", "|relevance summed over images and positions|", sums.total(0) { abs($0) }),
      StatisticResult("relevance-positive", "positive relevance of an image, summed over images", sums.total(3)),
    ]
  }
}
