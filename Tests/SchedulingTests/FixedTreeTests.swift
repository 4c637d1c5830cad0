import Scheduling
import Tensors
import Testing

@Suite struct FixedTreeTests {
  private func write(_ a: String, _ b: String) -> String { "(\(a) \(b))" }

  @Test func treesAreAsDocumented() {
    func tree(_ count: Int) -> String? { FixedTree.reduce((0..<count).map(String.init), write) }
    #expect(tree(0) == nil)
    #expect(tree(1) == "0")
    #expect(tree(5) == "(((0 1) (2 3)) 4)")
    #expect(tree(6) == "(((0 1) (2 3)) (4 5))")
    #expect(tree(7) == "(((0 1) (2 3)) ((4 5) 6))")
    #expect(tree(8) == "(((0 1) (2 3)) ((4 5) (6 7)))")
  }

  @Test(arguments: 1...40) func arrivalOrderDoesNotMatter(count: Int) {
    var generator = Philox(seed: 3, stream: UInt64(count))
    var tree = FixedTree.Partial<String>()
    for shard in generator.permutation(count) { tree.insert(String(shard), index: shard, write) }
    #expect(tree.result(write) == FixedTree.reduce((0..<count).map(String.init), write))
  }

  @Test func alignedRangesCanBeReducedElsewhere() {
    let names = (0..<23).map(String.init)
    var tree = FixedTree.Partial<String>()
    for block in [3, 0, 4, 1, 2] {
      if let value = FixedTree.reduce(Array(names[block * 4..<block * 4 + 4]), write) {
        tree.insert(value, level: 2, index: block, write)
      }
    }
    for shard in 20..<23 { tree.insert(names[shard], index: shard, write) }
    #expect(tree.result(write) == FixedTree.reduce(names, write))
    #expect(tree.pending.count == 4)
  }
}
