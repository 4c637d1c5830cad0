import Tensors

/// The ``StatisticSettings/top`` pictures that excite a channel most: by the greatest activation of the feature map, and by its mean.
///
/// Indices count as the pass counts its pictures. Of equal values the smaller index comes first. NaN is never among them.
public struct TopPicturesStatistic: Statistic {
  public static let name = "top-pictures"
  public static let summary = "pictures that excite the channel most"
  public static let phase = Phase.forward
  public static let parameters = "top=10"

  private var byMaximum: TopPictures
  private var byMean: TopPictures

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    settings.top = try parameters.integer("top", default: settings.top, in: 1...1000)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    byMaximum = TopPictures(settings.top, channels: site.channels)
    byMean = byMaximum
  }

  public mutating func observe(_ tile: Tile, of pictures: ShardPictures) {
    let picture = pictures.indices[tile.row]
    byMaximum.offer(tile.summary.maximum, of: picture, channel: tile.channel)
    byMean.offer(SIMD8<Float>(tile.summary.sum / Double(max(tile.area, 1))), of: picture, channel: tile.channel)
  }

  public mutating func merge(_ later: TopPicturesStatistic) {
    byMaximum.merge(later.byMaximum)
    byMean.merge(later.byMean)
  }

  public func encode(into state: inout StateEncoder) {
    byMaximum.encode(into: &state)
    byMean.encode(into: &state)
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    try byMaximum.decode(from: &state)
    try byMean.decode(from: &state)
  }

  public var results: [StatisticResult] {
    [
      StatisticResult("top-pictures", "pictures of greatest maximum, best first; −1 where there are fewer", byMaximum.topIndices),
      StatisticResult("top-maxima", "the greatest activation in each of them", byMaximum.topValues),
      StatisticResult("top-pictures-mean", "pictures of greatest mean, best first; −1 where there are fewer", byMean.topIndices),
      StatisticResult("top-means", "the mean activation in each of them", byMean.topValues),
    ]
  }
}
