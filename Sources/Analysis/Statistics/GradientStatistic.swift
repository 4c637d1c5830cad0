import Tensors

/// The gradient of each image's own loss with respect to a channel's activations, over images and positions.
///
/// Source: Liu and Wu, "Channel pruning based on mean gradient for accelerating convolutional neural networks", Signal Processing
/// 2019, of which the abstract could be read: the mean of |g| is our reading; the magnitude of the mean of g is the form of Yeom
/// et al.'s code. Normalising within a layer is left to the criteria.
public struct GradientStatistic: Statistic {
  public static let name = "gradient"
  public static let summary = "mean gradient and mean absolute gradient"
  public static let phase = Phase.gradient

  private var sums: ChannelSums

  public init(_ site: SiteShape, _ settings: StatisticSettings) { sums = ChannelSums(2, channels: site.channels) }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    sums.count(tile)
    sums.add(tile.companionSummary!.sum, to: 0, tile)
    sums.add(tile.companionSummary!.absolute, to: 1, tile)
  }

  public mutating func merge(_ later: GradientStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [
      StatisticResult("gradient", "mean gradient of the loss over images and positions", sums.meanOverPositions(0)),
      StatisticResult("absolute-gradient", "mean of |gradient of the loss| over images and positions", sums.meanOverPositions(1)),
    ]
  }
}
