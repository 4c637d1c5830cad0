import Tensors

/// The ``StatisticSettings/top`` images that excite a channel most: by the greatest activation of the feature map, and by its
/// mean.
///
/// Indices count as the pass counts its images. Of equal values the smaller index comes first. NaN is never among them.
public struct TopImagesStatistic: Statistic {
  public static let name = "top-images"
  public static let summary = "images that excite the channel most"
  public static let phase = Phase.forward
  public static let mergesExactly = true
  public static let parameters = "top=10"

  private var byMaximum: TopImages
  private var byMean: TopImages

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    settings.top = try parameters.integer("top", default: settings.top, in: 1...1000)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    byMaximum = TopImages(settings.top, channels: site.channels)
    byMean = byMaximum
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let image = images.indices[tile.row]
    byMaximum.offer(tile.summary.maximum, of: image, channel: tile.channel)
    byMean.offer(SIMD8<Float>(tile.summary.sum / Double(max(tile.area, 1))), of: image, channel: tile.channel)
  }

  public mutating func merge(_ later: TopImagesStatistic) {
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
      StatisticResult("top-images", "images of greatest maximum, best first; −1 where there are fewer", byMaximum.topIndices),
      StatisticResult("top-maxima", "the greatest activation in each of them", byMaximum.topValues),
      StatisticResult("top-images-mean", "images of greatest mean, best first; −1 where there are fewer", byMean.topIndices),
      StatisticResult("top-means", "the mean activation in each of them", byMean.topValues),
    ]
  }
}
