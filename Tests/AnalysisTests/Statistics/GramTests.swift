import Analysis
import Tensors
import TestSupport
import Testing

@Suite struct GramTests {
  /// E[aᵢ aⱼ] and correlations in Double, over all positions.
  static func twin(_ images: StatisticImages) -> (products: [Double], correlation: [Double]) {
    let rows = (0..<images.site.channels).map { images.channel($0).map(Double.init) }
    let count = Double(rows[0].count)
    let means = rows.map { $0.reduce(0, +) / count }
    func mean(_ i: Int, _ j: Int, _ a: Double, _ b: Double) -> Double {
      zip(rows[i], rows[j]).reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) } / count
    }
    var (products, correlation): ([Double], [Double]) = ([], [])
    for i in rows.indices {
      for j in rows.indices {
        products.append(mean(i, j, 0, 0))
        let spread = mean(i, i, means[i], means[i]) * mean(j, j, means[j], means[j])
        correlation.append(spread > 0 ? mean(i, j, means[i], means[j]) / spread.squareRoot() : .nan)
      }
    }
    return (products, correlation)
  }

  /// Few rows and many, less and more than channels, odd numbers of either.
  @Test(arguments: [(1, 13, 8), (7, 21, 16), (40, 9, 8), (90, 16, 16)])
  func everyPositionGivesTheExactMatrix(count: Int, channels: Int, block: Int) throws {
    let images = StatisticImages(SiteShape(channels: channels, height: 3, width: 3), images: count)
    let learned = images.learn(GramStatistic.self, shard: 3, block: block)
    #expect(learned.sampleCount == count * 9)
    let (products, correlation) = Self.twin(images)
    let gram = try #require(learned.values("gram")), found = try #require(learned.values("correlation"))
    expectClose(gram, Tensor(products, shape: [channels, channels]), Tolerance(absolute: 2e-5, relative: 1e-6))
    // The channels around 100 lose four digits of the product.
    expectClose(found, Tensor(correlation, shape: [channels, channels]), Tolerance(absolute: 2e-2))
  }

  /// Ten positions an image, different ones, whose mean product is that of the same positions everywhere.
  @Test func positionsAreSampled() throws {
    let site = SiteShape(channels: 10, height: 8, width: 9)
    // A channel that says which position it is, and its complement.
    let positions = (0..<72).map { Float($0) }
    let ones = [[Float]](repeating: [Float](repeating: 1, count: 72), count: 8)
    let map: [[Float]] = [positions, positions.reversed()] + ones
    let values = [[[Float]]](repeating: map, count: 50)
    let learned = StatisticImages(site, values: values).learn(GramStatistic.self, shard: 4)
    #expect(learned.sampleCount == 500)
    let mean = try #require(learned.values("gram-mean")), gram = try #require(learned.values("gram"))
    // 500 of 0 … 71: mean 35.5, deviation 20.8; four standard errors.
    #expect(abs(mean.elements[0] - 35.5) < 3.8)
    #expect(abs(mean.elements[0] + mean.elements[1] - 71) < 1e-9)
    #expect(abs(gram[0, 2] - mean.elements[0]) < 1e-9)
    #expect(abs(gram[0, 1] - (71 * mean.elements[0] - gram[0, 0])) < 1e-3)
    #expect(abs(try #require(learned.values("correlation"))[0, 1] + 1) < 1e-5)
  }
}
