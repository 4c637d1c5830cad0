import Analysis
import Foundation
import TestSupport
import Tensors
import Testing

/// What statistics make of values that are far from 0, and of NaN.
@Suite struct HardValuesTests {
  private func images(_ site: SiteShape, count: Int, _ value: (_ channel: Int, inout Philox) -> Float) -> StatisticImages {
    var random = Philox(seed: 11)
    return StatisticImages(
      site, values: (0..<count).map { _ in (0..<site.channels).map { c in (0..<site.area).map { _ in value(c, &random) } } })
  }

  /// A small variance beside a large mean, against two passes in double precision; some runs begin with an outlier.
  @Test(arguments: [8, 16]) func aLargeMeanLeavesTheVariance(block: Int) throws {
    let images = images(SiteShape(channels: 11, height: 9, width: 11), count: 13) { channel, random in
      let mean: Float = [1e4, -1e4, 1e5, 0, 1e6, 3][channel % 6]
      if channel > 8, random.uniform() < 0.01 { return 0 }
      return mean + Float(random.normal())
    }
    let learned = images.learn(MomentsStatistic.self, shard: 4, block: block)
    let (means, variances) = (try #require(learned.values("mean")), try #require(learned.values("variance")))
    for channel in 0..<11 {
      let values = images.channel(channel).map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(means[channel] - mean) < 1e-7 * max(abs(mean), 1), "channel \(channel)")
      #expect(
        abs(variances[channel] - variance) < 1e-4 * max(variance, 1), "channel \(channel): \(variances[channel]), \(variance)")
    }
  }

  /// One NaN leaves the quantiles of the numbers, those of its channel and of all others, through compactions too.
  @Test(arguments: [24, 4096]) func noNumberLeavesTheQuantiles(resolution: Int) throws {
    var images = images(SiteShape(channels: 9, height: 7, width: 8), count: 40) { Float($0) + Float($1.normal()) }
    for (image, channel, position) in [(0, 2, 0), (3, 2, 55), (17, 2, 9), (20, 8, 31)] {
      images.values[image][channel][position] = .nan
    }
    for position in 0..<56 { for image in 0..<40 { images.values[image][5][position] = .nan } }
    let shares = [0, 0.1, 0.5, 0.9, 1]
    var settings = StatisticSettings()
    (settings.resolution, settings.thinning, settings.quantiles) = (resolution, 1, shares)
    let learned = images.learn(QuantilesStatistic.self, settings, shard: 3)
    let read = try #require(learned.values("quantiles"))
    let bound = learned.rankError(failure: 1e-6) + 4.0 / 2240
    for channel in 0..<9 {
      let sorted = images.channel(channel).filter { !$0.isNaN }.sorted()
      for (position, share) in shares.enumerated() {
        let value = Float(read[channel, position])
        guard !sorted.isEmpty else {
          #expect(value.isNaN)
          continue
        }
        let below = Double(sorted.count { $0 < value }) / Double(sorted.count)
        let atMost = Double(sorted.count { $0 <= value }) / Double(sorted.count)
        #expect(below <= share + bound && atMost >= share - bound, "channel \(channel), share \(share): \(value)")
      }
    }
  }
}
