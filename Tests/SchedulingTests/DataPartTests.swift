import Scheduling
import Tensors
import Testing

@Suite struct DataPartTests {
  /// Parts follow each other, cover everything, and are of about one length.
  @Test func partsTile() throws {
    for total in Array(0...70) + [313, 1563, 40_036, 1 << 20, 12_345_678] {
      for count in [1, 2, 3, 7, 64, 100, 999] {
        let ranges = try (1...count).map { try DataPart($0, of: count).shards(of: total) }
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == total)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        let mean = Double(total) / Double(count)
        #expect(ranges.allSatisfy { abs(Double($0.count) - mean) <= max(1, mean / 8) }, "\(total) in \(count)")
      }
    }
  }

  /// What a part of many shards learned is a few subtrees.
  @Test(arguments: [2, 8]) func manyShardsMakeFewSubtrees(branches: Int) throws {
    for number in 1...64 {
      var tree = FixedTree.Partial<Int>(branches: branches)
      for shard in try DataPart(number, of: 64).shards(of: 40_036) { tree.insert(1, shard..<shard + 1, +) }
      #expect(tree.pending.count <= 10)
    }
  }

  @Test func textsAreRead() throws {
    #expect(try DataPart("3/8") == DataPart(3, of: 8) && "\(DataPart(3, of: 8))" == "3/8")
    for text in ["", "3", "0/3", "4/3", "-1/3", "1/0", "1/2/3", "a/b", "1/", "/1", "1/9999999999", "99999999999999999999/2"] {
      #expect(throws: EspalierError.self, "\(text)") { try DataPart(text) }
    }
  }
}
