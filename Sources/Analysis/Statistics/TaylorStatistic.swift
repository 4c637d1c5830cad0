import Tensors

/// How much the loss changes, to first order, when a channel is set to zero: from Σ a g over an image's positions, with g the
/// gradient of the image's own loss.
///
/// Sources: `taylor-2017` Molchanov et al., "Pruning convolutional neural networks for resource efficient inference", ICLR 2017,
/// equation 8: the mean over images of |mean over positions of a g|. `taylor-2019` Molchanov et al., "Importance estimation for
/// neural network pruning", CVPR 2019, equation 8 for a gate behind the channel: the mean of (Σ a g)², here per image where the
/// authors' code squares the mean of a batch. `taylor-signed` is the mean of Σ a g with its sign, whose magnitude is Yeom et
/// al.'s form and, summed over images and negated, the relevance of Mozer and Smolensky's skeletonization. `taylor-absolute` sums
/// |a g| position by position.
public struct TaylorStatistic: Statistic {
  public static let name = "taylor"
  public static let summary = "first-order change of the loss without the channel, published forms"
  public static let phase = Phase.gradient

  private var sums: ChannelSums

  public init(_ site: SiteShape, _ settings: StatisticSettings) { sums = ChannelSums(4, channels: site.channels) }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let product = tile.companionSummary!.product
    sums.count(tile)
    sums.add(magnitude(product) / Double(max(tile.area, 1)), to: 0, tile)
    sums.add(product * product, to: 1, tile)
    sums.add(product, to: 2, tile)
    sums.add(tile.companionSummary!.absoluteProduct, to: 3, tile)
  }

  public mutating func merge(_ later: TaylorStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [
      StatisticResult("taylor-2017", "mean over images of |mean over positions of a·g|", sums.meanOverImages(0)),
      StatisticResult("taylor-2019", "mean over images of (sum over positions of a·g)²", sums.meanOverImages(1)),
      StatisticResult("taylor-signed", "mean over images of the sum over positions of a·g", sums.meanOverImages(2)),
      StatisticResult("taylor-absolute", "mean over images of the sum over positions of |a·g|", sums.meanOverImages(3)),
    ]
  }
}
