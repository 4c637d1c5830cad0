import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct QuantilesTests {
  static let shares = [0, 0.005, 0.1, 0.25, 0.5, 0.75, 0.9, 0.995, 1]

  static func settings(resolution: Int, thinning: Int = 1) -> StatisticSettings {
    var settings = StatisticSettings()
    (settings.resolution, settings.thinning, settings.quantiles) = (resolution, thinning, shares)
    return settings
  }

  /// As long as nothing is compacted, numpy's `quantile` with method `inverted_cdf`.
  @Test(arguments: [8, 16]) func fewValuesGiveExactQuantiles(block: Int) throws {
    let images = StatisticImages(SiteShape(channels: 13, height: 5, width: 7), images: 11)
    let learned = images.learn(QuantilesStatistic.self, Self.settings(resolution: 1024), shard: 3, block: block)
    #expect(learned.rankError() == 0 && learned.sampleCount == 385)
    var expected: [Double] = []
    for channel in 0..<13 {
      let sorted = images.channel(channel).sorted()
      for share in Self.shares { expected.append(Double(sorted[max(Int((share * 385).rounded(.up)) - 1, 0)])) }
    }
    expectClose(try #require(learned.values("quantiles")), Tensor(expected, shape: [13, 9]), Tolerance())
  }

  enum Order: String, CaseIterable { case sorted, reversed, constant, ties, random, zigzag }

  /// Every quantile of every channel lies within the stated bound, whatever the order and the number of shards.
  @Test(arguments: Order.allCases, [1, 7, 200]) func ranksStayWithinTheBound(order: Order, shard: Int) throws {
    let (count, area, channels) = (200, 50, 11)
    let total = count * area
    var random = Philox(seed: 3)
    let rows = (0..<channels).map { channel -> [Float] in
      let values = (0..<total).map { Float($0) * Float(channel + 1) - 500 }
      return switch order {
      case .sorted: values
      case .reversed: values.reversed()
      case .constant: values.map { _ in Float(channel) }
      case .ties: values.indices.map { _ in max(Float(Int(random.normal() * 3)), 0) }
      case .random: values.shuffled(using: &random)
      case .zigzag: values.indices.map { $0 % 2 == 0 ? values[$0 / 2] : values[total - 1 - $0 / 2] }
      }
    }
    let images = StatisticImages(
      SiteShape(channels: channels, height: 5, width: 10),
      values: (0..<count).map { image in rows.map { Array($0[image * area..<(image + 1) * area]) } })
    let learned = images.learn(QuantilesStatistic.self, Self.settings(resolution: 128), shard: shard)
    // 99 quantiles times channels are observed, so the bound is taken for a rarer failure.
    let bound = learned.rankError(failure: 1e-6)
    #expect(bound > 0 && bound < 0.08, "the bound \(bound)")
    #expect(learned.sampleCount == total)
    let asked = (1..<100).map { Double($0) / 100 }
    let read = learned.quantiles(asked)
    for channel in 0..<channels {
      let sorted = rows[channel].sorted()
      for (position, share) in asked.enumerated() {
        let value = Float(read[channel, position])
        // The ranks that a value with ties has, least and greatest.
        let below = Double(sorted.partitioningIndex { $0 >= value }) / Double(total)
        let upTo = Double(sorted.partitioningIndex { $0 > value }) / Double(total)
        #expect(upTo > below, "a value that was never seen")
        #expect(
          share >= below - bound && share <= upTo + bound, "channel \(channel), quantile \(share): \(below) … \(upTo) ± \(bound)")
      }
    }
    expectClose(
      learned.quantiles([0, 1]).elements, rows.flatMap { [Double($0.min()!), Double($0.max()!)] }, Tolerance(), "extremes")
  }

  /// The error shrinks with the resolution, in the bound and in truth, and does not grow with the data.
  @Test func errorsShrinkWithResolution() {
    let site = SiteShape(channels: 8, height: 20, width: 20)
    let images = StatisticImages(site, images: 250)
    var bounds: [Double] = []
    for resolution in [64, 256, 1024] {
      let learned = images.learn(QuantilesStatistic.self, Self.settings(resolution: resolution), shard: 16)
      bounds.append(learned.rankError())
      #expect(learned.rankError() < 6 / Double(resolution))
      // Three capacities of four bytes, and levels of at least 32 rows.
      #expect(learned.state.bytes.count < 8 * 4 * (4 * resolution + 32 * 16) + 2000)
    }
    #expect(bounds[1] < bounds[0] / 3 && bounds[2] < bounds[1] / 3)
  }

  /// A thinned sample is one in so many positions, other ones in each image, and near the whole.
  @Test func thinningTakesAFixedShare() throws {
    let images = StatisticImages(SiteShape(channels: 3, height: 16, width: 16), images: 300)
    let learned = images.learn(QuantilesStatistic.self, Self.settings(resolution: 4096, thinning: 16), shard: 16)
    #expect(learned.sampleCount == 300 * 16)
    let median = learned.quantiles([0.5]).elements[0]
    let sorted = images.channel(0).sorted()
    let share = Double(sorted.partitioningIndex { $0 > Float(median) }) / Double(sorted.count)
    // Four standard errors of a share in 4,800.
    #expect(abs(share - 0.5) < 0.03)
    let small = StatisticImages(SiteShape(channels: 3, height: 1, width: 1), images: 40)
    #expect(small.learn(QuantilesStatistic.self, Self.settings(resolution: 64, thinning: 16), shard: 16).sampleCount == 40)
  }
}

extension [Float] {
  /// The first position from which on a condition holds.
  fileprivate func partitioningIndex(_ holds: (Float) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
