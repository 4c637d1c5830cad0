import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct EntropyTests {
  static let images = StatisticImages(SiteShape(channels: 13, height: 5, width: 7), images: 211)

  /// Shannon's entropy of the 100-bin histogram that a plain loop makes of values, each moved by `shift` of the range.
  static func twin(_ values: [Double], bins: Int, shift: Double = 0) -> (shares: [Double], entropy: Double) {
    let (low, high) = (values.min()!, values.max()!)
    var counts = [Double](repeating: 0, count: bins)
    for value in values {
      let position = high > low ? ((value - low) / (high - low) + shift) * Double(bins) : 0
      counts[min(max(Int(position.rounded(.down)), 0), bins - 1)] += 1
    }
    let shares = counts.map { $0 / Double(values.count) }
    return (shares, -shares.filter { $0 > 0 }.reduce(0) { $0 + $1 * log2($1) })
  }

  /// Cumulative shares lie between those of the exact histogram with every value moved by the stated quarter of a bin.
  @Test(arguments: [8, 16]) func histogramIsThatOfValuesMovedByAQuarterBin(block: Int) throws {
    var settings = StatisticSettings()
    (settings.thinning, settings.bins) = (1, 20)
    let learned = Self.images.learn(HistogramStatistic.self, settings, shard: 10, block: block)
    let histogram = try #require(learned.values("histogram"))
    var entropies: [Double] = []
    for channel in 0..<13 {
      let shares = Array(histogram.elements[channel * 20..<channel * 20 + 20])
      entropies.append(-shares.filter { $0 > 0 }.reduce(0) { $0 + $1 * log2($1) })
      #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
      let values = Self.images.channel(channel).map(Double.init)
      let (low, high) = (
        Self.twin(values, bins: 20, shift: 0.25 / 20).shares, Self.twin(values, bins: 20, shift: -0.25 / 20).shares
      )
      var (sum, least, most) = (0.0, 0.0, 0.0)
      for bin in 0..<19 {
        sum += shares[bin]
        least += low[bin]
        most += high[bin]
        #expect(sum >= least - 1e-12 && sum <= most + 1e-12, "channel \(channel), bin \(bin)")
      }
    }
    expectClose(try #require(learned.values("activation-entropy")).elements, entropies, Tolerance(absolute: 1e-12))
  }

  /// Where values lie in the middle of bins, nothing is moved across a border: the entropy is exact.
  @Test func entropyOfMeansEqualsTheTwinOnGrids() throws {
    let site = SiteShape(channels: 9, height: 2, width: 3)
    var random = Philox(seed: 4)
    var levels = (0..<58).map { _ in (0..<9).map { _ in Float(Int.random(in: 0...10, using: &random)) + 0.5 } }
    levels += [[Float](repeating: 0, count: 9), [Float](repeating: 11, count: 9)]
    let grid = StatisticImages(site, values: levels.map { $0.map { [Float](repeating: $0, count: 6) } })
    var settings = StatisticSettings()
    settings.bins = 11
    let expected = (0..<9).map { channel in Self.twin(levels.map { Double($0[channel]) }, bins: 11).entropy }
    let entropy = try #require(grid.learn(EntropyStatistic.self, settings, shard: 7).values("entropy"))
    expectClose(entropy.elements, expected, Tolerance(absolute: 1e-12))
  }

  /// On random means the entropy lies near that of the exact histogram.
  @Test func entropyOfMeansIsNear() throws {
    var settings = StatisticSettings()
    settings.bins = 12
    let entropy = try #require(Self.images.learn(EntropyStatistic.self, settings, shard: 8).values("entropy")).elements
    for channel in 0..<13 {
      let means = Self.images.values.map { $0[channel].map(Double.init).reduce(0, +) / 35 }
      #expect(abs(entropy[channel] - Self.twin(means, bins: 12).entropy) < 0.12, "channel \(channel)")
    }
    #expect(entropy[1] == 0 && entropy[2] == 0)
  }

  /// The order in which images come changes no count.
  @Test func countsDoNotDependOnOrder() {
    var turned = Self.images
    turned.values.reverse()
    let a = Self.images.learn(EntropyStatistic.self, shard: 9)
    let b = turned.learn(EntropyStatistic.self, shard: 4)
    #expect(a.state.bytes == b.state.bytes)
  }

  @Test(arguments: [0.0, 0.5]) func binaryEntropyEqualsTheTwin(threshold: Double) throws {
    var settings = StatisticSettings()
    settings.binaryThreshold = threshold
    let learned = Self.images.learn(BinaryEntropyStatistic.self, settings, shard: 10)
    func binary(_ p: Double) -> Double { p == 0 || p == 1 ? 0 : -p * log2(p) - (1 - p) * log2(1 - p) }
    var (shares, entropies, images): ([Double], [Double], [Double]) = ([], [], [])
    for channel in 0..<13 {
      let values = Self.images.channel(channel)
      shares.append(Double(values.filter { Double($0) > threshold }.count) / Double(values.count))
      entropies.append(binary(shares[channel]))
      let on = Self.images.values.filter { $0[channel].map(Double.init).reduce(0, +) / 35 > threshold }
      images.append(binary(Double(on.count) / 211))
    }
    expectClose(try #require(learned.values("on-share")).elements, shares, Tolerance(absolute: 1e-14))
    expectClose(try #require(learned.values("binary-entropy")).elements, entropies, Tolerance(absolute: 1e-12))
    expectClose(try #require(learned.values("binary-entropy-images")).elements, images, Tolerance(absolute: 1e-12))
  }
}
