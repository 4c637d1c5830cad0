import Scheduling
import Tensors
import Testing

@Suite struct FixedTreeTests {
  private func write(_ a: String, _ b: String) -> String { "(\(a) \(b))" }

  /// What is documented, as it is documented: the subtrees of a range, one after the other.
  private func twin(_ shards: Range<Int>, _ branches: Int) -> String {
    if shards.count == 1 { return "\(shards.lowerBound)" }
    var size = 1
    while size * branches < shards.count { size *= branches }
    let subtrees = stride(from: shards.lowerBound, to: shards.upperBound, by: size).map {
      twin($0..<min($0 + size, shards.upperBound), branches)
    }
    return subtrees.dropFirst().reduce(subtrees[0], write)
  }

  private func tree(_ shards: some Sequence<Int>, _ branches: Int) -> FixedTree.Partial<String> {
    var tree = FixedTree.Partial<String>(branches: branches)
    for shard in shards { tree.insert("\(shard)", shard..<shard + 1, write) }
    return tree
  }

  @Test func treesAreAsDocumented() {
    func tree(_ count: Int) -> String? { FixedTree.reduce((0..<count).map(String.init), write) }
    #expect(tree(0) == nil)
    #expect(tree(1) == "0")
    #expect(tree(5) == "(((0 1) (2 3)) 4)")
    #expect(tree(6) == "(((0 1) (2 3)) (4 5))")
    #expect(tree(7) == "(((0 1) (2 3)) ((4 5) 6))")
    #expect(tree(8) == "(((0 1) (2 3)) ((4 5) (6 7)))")
    #expect(self.tree(0..<7, 3).result(write) == "((((0 1) 2) ((3 4) 5)) 6)")
    for branches in [2, 3, 8] {
      for count in 1...150 { #expect(self.tree(0..<count, branches).result(write) == twin(0..<count, branches)) }
    }
  }

  @Test(arguments: 1...80, [2, 3, 8]) func arrivalOrderDoesNotMatter(count: Int, branches: Int) {
    var generator = Philox(seed: 3, stream: UInt64(count))
    #expect(tree(generator.permutation(count), branches).result(write) == twin(0..<count, branches))
  }

  /// Ranges of any borders, reduced elsewhere and put together in any order.
  @Test(arguments: [2, 3, 8]) func rangesCanBeReducedElsewhere(branches: Int) {
    var generator = Philox(seed: 4)
    for _ in 0..<200 {
      let count = Int.random(in: 1...100, using: &generator)
      let borders = ([0, count] + (0..<3).map { _ in Int.random(in: 0...count, using: &generator) }).sorted()
      let parts = zip(borders, borders.dropFirst()).map { tree($0..<$1, branches) }
      var whole = FixedTree.Partial<String>(branches: branches)
      for part in generator.permutation(parts.count) {
        #expect(parts[part].pending.allSatisfy { whole.isPiece($0.shards) })
        whole.insert(parts[part], write)
      }
      #expect(whole.pending.map(\.value) == tree(0..<count, branches).pending.map(\.value))
      #expect(whole.result(write) == twin(0..<count, branches))
    }
  }

  /// Shards in order leave one value a height.
  @Test func fewValuesWait() {
    for (branches, most) in [(2, 12), (8, 4)] {
      var tree = FixedTree.Partial<Int>(branches: branches)
      for shard in 0..<4096 {
        tree.insert(1, shard..<shard + 1, +)
        #expect(tree.pending.count <= most)
      }
      #expect(tree.pending.count == 1 && tree.result(+) == 4096)
    }
  }

  @Test func piecesAreKnown() {
    let tree = FixedTree.Partial<Int>(branches: 8)
    for shards in [0..<1, 9..<10, 0..<7, 8..<10, 0..<8, 8..<16, 0..<16, 64..<128, 0..<448, 512..<640] {
      #expect(tree.isPiece(shards), "\(shards)")
    }
    for shards in [0..<0, 1..<3, 0..<9, 0..<12, 4..<12, 8..<24, 8..<72, 64..<192, 7..<15] {
      #expect(!tree.isPiece(shards), "\(shards)")
    }
  }

  /// Large values are changed in place.
  @Test func valuesAreNotCopied() {
    final class Large {}
    struct Value {
      var large = Large()
      var isOwned = true
    }
    var tree = FixedTree.Partial<Value>(branches: 8)
    func combine(_ left: consuming Value, _ right: consuming Value) -> Value {
      left.isOwned = left.isOwned && right.isOwned && isKnownUniquelyReferenced(&left.large)
      return left
    }
    for shard in 0..<77 { tree.insert(Value(), shard..<shard + 1, combine) }
    let whole = (consume tree).result(combine)
    #expect(whole?.isOwned == true)
  }
}
