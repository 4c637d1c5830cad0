import Tensors

/// Mean and variance of a channel over images and positions.
///
/// The variance is that of the population, E[(a − E a)²]; images and shards are joined by Chan's formula, so that a large mean
/// does not drown a small variance (T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for
/// computing sample variances", 1979).
public struct MomentsStatistic: Statistic {
  public static let name = "moments"
  public static let summary = "mean and variance"
  public static let phase = Phase.forward

  private var means: [Double]
  /// Σ (a − mean)².
  private var deviations: [Double]
  private var seen: [Double]

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    means = [Double](repeating: 0, count: site.channels)
    deviations = means
    seen = means
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let area = Double(tile.area)
    for lane in 0..<tile.lanes {
      let mean = tile.summary.sum[lane] / area
      let deviation = max(tile.summary.squares[lane] - mean * tile.summary.sum[lane], 0)
      join(tile.channel + lane, area, mean, deviation)
    }
  }

  public mutating func merge(_ later: MomentsStatistic) {
    for channel in means.indices { join(channel, later.seen[channel], later.means[channel], later.deviations[channel]) }
  }

  private mutating func join(_ channel: Int, _ count: Double, _ mean: Double, _ deviation: Double) {
    guard count > 0 else { return }
    let total = seen[channel] + count
    let step = mean - means[channel]
    deviations[channel] += deviation + step * step * seen[channel] * count / total
    means[channel] += step * count / total
    seen[channel] = total
  }

  public func encode(into state: inout StateEncoder) {
    state.append(seen)
    state.append(means)
    state.append(deviations)
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    seen = try state.array(of: Double.self, count: seen.count)
    means = try state.array(of: Double.self, count: means.count)
    deviations = try state.array(of: Double.self, count: deviations.count)
  }

  public var results: [StatisticResult] {
    let shape: Shape = [means.count]
    return [
      StatisticResult(
        "mean", "mean activation over images and positions",
        Tensor(zip(means, seen).map { $1 > 0 ? $0 : .nan }, shape: shape)),
      StatisticResult(
        "variance", "variance of the activation over images and positions (of the population)",
        Tensor(zip(deviations, seen).map { $1 > 0 ? $0 / $1 : .nan }, shape: shape)),
    ]
  }
}
