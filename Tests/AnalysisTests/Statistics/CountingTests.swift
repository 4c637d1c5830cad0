import Analysis
import Tensors
import TestSupport
import Testing

/// Statistics that count, on values of which many are level.
@Suite struct CountingTests {
  /// Images of 13 channels whose values are whole numbers and halves from −2 to 2.
  private static let images: StatisticImages = {
    var random = Philox(seed: 9)
    let values = (0..<57).map { _ in
      (0..<13).map { _ in (0..<6).map { _ in Float(Int.random(in: -4...4, using: &random)) / 2 } }
    }
    return StatisticImages(SiteShape(channels: 13, height: 2, width: 3), values: values)
  }()

  /// The top share is rounded up, and all that are level with the last of it get a vote.
  @Test(arguments: [0.1, 0.5, 1]) func neuronVotes(share: Double) throws {
    var settings = StatisticSettings()
    settings.topShare = share
    var expected = [Double](repeating: 0, count: 13)
    for image in Self.images.values {
      let means = image.map { $0.map(Double.init).reduce(0, +) / 6 }
      for channel in 0..<13 where Double(means.count { $0 > means[channel] }) < (share * 13).rounded(.up) {
        expected[channel] += 1
      }
    }
    let learned = Self.images.learn(NeuronVotesStatistic.self, settings, shard: 10)
    expectClose(try #require(learned.values("neuron-votes")).elements, expected, Tolerance(absolute: 0))
  }

  /// What is as large as ε is not near zero.
  @Test func nearZeros() throws {
    var settings = StatisticSettings()
    settings.epsilon = 0.5
    let expected = (0..<13).map { channel in
      let values = Self.images.channel(channel)
      return Double(values.count { $0 == 0 }) / Double(values.count)
    }
    let learned = Self.images.learn(NearZerosStatistic.self, settings, shard: 10)
    expectClose(try #require(learned.values("near-zeros")).elements, expected, Tolerance(absolute: 1e-15))
  }
}
