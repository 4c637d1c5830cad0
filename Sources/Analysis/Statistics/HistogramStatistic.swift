import Tensors

/// Histogram of a channel's activations at positions, and its entropy in bits.
///
/// ``StatisticSettings/bins`` equal bins between the least and the greatest activation of all positions; one in
/// ``StatisticSettings/thinning`` positions is counted (``PositionSample``), in finer dyadic bins (``DyadicHistogram``), so that
/// each activation lies at most a quarter of a bin off. Feature maps with values that are not finite are left out.
public struct HistogramStatistic: Statistic {
  public static let name = "histogram"
  public static let summary = "histogram of activations and its entropy"
  public static let phase = Phase.forward
  public static let mergesExactly = true
  public static let parameters = "bins=100,thinning=16,seed=0"

  private let bins: Int
  private var sample: PositionSample
  private var histograms: [DyadicHistogram]

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    try settings.readBins(&parameters)
    try settings.readThinning(&parameters)
    try settings.readSeed(&parameters)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    bins = max(settings.bins, 1)
    sample = PositionSample(area: site.area, thinning: settings.thinning, seed: settings.seed)
    histograms = Array(repeating: DyadicHistogram(bins: settings.bins), count: site.channels)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    sample.choose(images.indices[tile.row])
    for lane in 0..<tile.lanes where tile.area > 0 && tile.summary.sum[lane].isFinite {
      let channel = tile.channel + lane
      histograms[channel].extend(least: tile.summary.minimum[lane], greatest: tile.summary.maximum[lane])
      histograms[channel].increment(tile.activation + lane, stride: tile.stride, at: sample.positions)
    }
  }

  public mutating func merge(_ later: HistogramStatistic) {
    for channel in histograms.indices { histograms[channel].merge(later.histograms[channel]) }
  }

  public func encode(into state: inout StateEncoder) { for histogram in histograms { histogram.encode(into: &state) } }

  public mutating func decode(from state: inout StateDecoder) throws {
    for channel in histograms.indices { try histograms[channel].decode(from: &state) }
  }

  public var results: [StatisticResult] {
    let rate = sample.stride == 1 ? "all positions" : "one in \(sample.stride) positions"
    let shares = histograms.map { $0.shares(bins) }
    return [
      StatisticResult(
        "histogram", "shares of activations in \(bins) bins between the channel's extremes, \(rate)",
        Tensor(shares.flatMap { $0 }, shape: [histograms.count, bins])),
      StatisticResult(
        "activation-entropy", "entropy of that histogram, in bits", Tensor(shares.map(entropy), shape: [histograms.count])),
    ]
  }
}
