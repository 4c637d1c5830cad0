import Tensors

/// Entropy of a channel's mean activation over images, in bits.
///
/// Source: Luo and Wu, "An entropy-based pruning method for CNN compression", arXiv:1706.05791: global average pooling of each
/// image, a histogram of ``StatisticSettings/bins`` bins between the least and the greatest mean, H = −Σ p log₂ p (the base is
/// ours). The range is known only at the end, so means are counted in finer dyadic bins (``DyadicHistogram``) and each lies at
/// most 1 / (4 · bins) of the range off, a quarter of a bin. Means that are not finite are left out.
public struct EntropyStatistic: Statistic {
  public static let name = "entropy"
  public static let summary = "entropy of the mean activation of images"
  public static let phase = Phase.forward
  public static let mergesExactly = true
  public static let parameters = "bins=100"

  private let bins: Int
  private var histograms: [DyadicHistogram]

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    try settings.readBins(&parameters)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    bins = max(settings.bins, 1)
    histograms = Array(repeating: DyadicHistogram(bins: settings.bins), count: site.channels)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let means = SIMD8<Float>(tile.summary.sum / Double(tile.area))
    for lane in 0..<tile.lanes where means[lane].isFinite { histograms[tile.channel + lane].add(means[lane]) }
  }

  public mutating func merge(_ later: EntropyStatistic) {
    for channel in histograms.indices { histograms[channel].merge(later.histograms[channel]) }
  }

  public func encode(into state: inout StateEncoder) { for histogram in histograms { histogram.encode(into: &state) } }

  public mutating func decode(from state: inout StateDecoder) throws {
    for channel in histograms.indices { try histograms[channel].decode(from: &state) }
  }

  public var results: [StatisticResult] {
    [
      StatisticResult(
        "entropy", "entropy over images of the mean activation, \(bins) bins between its extremes, in bits",
        Tensor(histograms.map { entropy($0.shares(bins)) }, shape: [histograms.count]))
    ]
  }
}
