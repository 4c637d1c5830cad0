/// The order in which the results of shards are combined, which depends on their number alone.
///
/// A range of `n` shards splits at the largest power of two below `n`; each half splits alike down to single shards, and
/// every pair is combined as (left, right). So each *aligned* range — 2ᵏ shards that start at a multiple of 2ᵏ — is one
/// subtree of every larger tree: it can be reduced on its own, in another run or on another machine, and put in its position
/// with ``Partial/insert(_:level:index:)``; rounding falls as if all had been reduced together.
///
///     7 shards:   ((0 1) (2 3)) ((4 5) 6)
public enum FixedTree {
  /// Combines values, one per shard in shard order; nil if there are none.
  ///
  /// - Throws: what `combine` throws.
  public static func reduce<Value>(_ values: [Value], _ combine: (Value, Value) throws -> Value) rethrows -> Value? {
    var partial = Partial<Value>()
    for (shard, value) in values.enumerated() { try partial.insert(value, index: shard, combine) }
    return try partial.result(combine)
  }

  /// A tree whose leaves arrive in any order.
  ///
  /// It holds one value per finished subtree only: about width + log₂ n values when shards are handed out in order.
  public struct Partial<Value> {
    /// A subtree: the 2^`level` shards that start at `index` · 2^`level`.
    public struct Node: Hashable, Sendable {
      /// The height; 0 is a single shard.
      public var level: Int
      /// The position among the subtrees of its height.
      public var index: Int

      /// Makes the name of a subtree.
      public init(level: Int, index: Int) {
        self.level = level
        self.index = index
      }

      /// The shards that the subtree covers.
      public var shards: Range<Int> { index << level..<(index + 1) << level }
    }

    /// The finished subtrees that wait for their sibling: what a checkpoint stores.
    public private(set) var pending: [Node: Value] = [:]

    /// Makes an empty tree.
    public init() {}

    /// Adds the value of one shard (level 0) or of a whole aligned range, and combines as far as siblings are present.
    ///
    /// - Precondition: no shard is given twice.
    /// - Throws: what `combine` throws.
    ///
    /// Values are handed over, not copied: what `combine` returns may be its left value, changed in place.
    public mutating func insert(
      _ value: consuming Value, level: Int = 0, index: Int, _ combine: (consuming Value, consuming Value) throws -> Value
    ) rethrows {
      var node = Node(level: level, index: index)
      var value = value
      while let sibling = pending.removeValue(forKey: Node(level: node.level, index: node.index ^ 1)) {
        value = node.index & 1 == 0 ? try combine(consume value, consume sibling) : try combine(consume sibling, consume value)
        node = Node(level: node.level + 1, index: node.index >> 1)
      }
      precondition(pending.updateValue(value, forKey: node) == nil, "shards \(node.shards) were given twice")
    }

    /// The value of the whole tree once every shard from 0 on is in; nil if there are none.
    ///
    /// - Precondition: the shards form a range that starts at 0.
    /// - Throws: what `combine` throws.
    public func result(_ combine: (Value, Value) throws -> Value) rethrows -> Value? {
      var value: Value?
      var start: Int?
      for (node, part) in pending.sorted(by: { $0.key.shards.lowerBound > $1.key.shards.lowerBound }) {
        precondition(start == nil || start == node.shards.upperBound, "shards are missing after \(node.shards)")
        value = try value.map { try combine(part, $0) } ?? part
        start = node.shards.lowerBound
      }
      precondition(start ?? 0 == 0, "shards are missing at the start")
      return value
    }
  }
}

extension FixedTree.Partial: Sendable where Value: Sendable {}
