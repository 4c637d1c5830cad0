import Analysis
import Tensors
import TestSupport
import Testing

@Suite struct TopImagesTests {
  /// A plain sort, with heavy ties, more and fewer images than are kept.
  @Test(arguments: [1, 3, 57], [8, 16]) func topEqualsAPlainSort(count: Int, block: Int) throws {
    let site = SiteShape(channels: 13, height: 2, width: 2)
    var random = Philox(seed: 8)
    let values = (0..<count).map { _ in
      (0..<13).map { channel in (0..<4).map { _ in channel == 1 ? 0 : Float(Int.random(in: -4...4, using: &random)) } }
    }
    var settings = StatisticSettings()
    settings.top = 5
    for shard in [2, 9, 60] {
      let learned = StatisticImages(site, values: values).learn(TopImagesStatistic.self, settings, shard: shard, block: block)
      for (indices, tops, key) in [
        ("top-images", "top-maxima", { (map: [Float]) in Double(map.max()!) }),
        ("top-images-mean", "top-means", { (map: [Float]) in Double(map.reduce(0, +)) / 4 }),
      ] {
        var (expectedIndices, expectedTops): ([Double], [Double]) = ([], [])
        for channel in 0..<13 {
          let keys = values.map { key($0[channel]) }
          let order = keys.indices.sorted { (-keys[$0], $0) < (-keys[$1], $1) }.prefix(5)
          expectedIndices += order.map(Double.init) + [Double](repeating: -1, count: 5 - order.count)
          expectedTops += order.map { keys[$0] } + [Double](repeating: .nan, count: 5 - order.count)
        }
        expectClose(try #require(learned.values(indices)), Tensor(expectedIndices, shape: [13, 5]), Tolerance())
        expectClose(try #require(learned.values(tops)), Tensor(expectedTops, shape: [13, 5]), Tolerance())
      }
    }
  }
}
