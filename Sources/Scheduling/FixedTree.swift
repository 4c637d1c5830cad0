/// The order in which the results of shards are combined, which depends on their number alone.
///
/// A subtree of height h covers bʰ shards that start at a multiple of bʰ, where b is the number of branches; it takes in its b
/// subtrees of height h − 1 one after the other. Those of an incomplete tree are combined from the last to the first. So each
/// *aligned* range of bʰ shards is one subtree of every larger tree: it can be reduced on its own, in another run or on another
/// machine, and put in its position with ``Partial/insert(_:_:_:)``; rounding falls as if all had been reduced together.
///
///     7 shards, 2 branches:   ((0 1) (2 3)) ((4 5) 6)
///     7 shards, 3 branches:   (((0 1) 2) ((3 4) 5)) 6
///
/// A sum of n numbers in Double is off by (b − 1) · log_b n · 2⁻⁵³ of the sum of magnitudes at most. The more branches, the
/// fewer heights, at each of which a value waits: two branches round least, eight keep a third of the values.
public enum FixedTree {
  /// Combines values, one per shard in shard order, by a tree of two branches; nil if there are none.
  ///
  /// - Throws: what `combine` throws.
  public static func reduce<Value>(
    _ values: [Value], _ combine: (consuming Value, consuming Value) throws -> Value
  ) rethrows -> Value? {
    var partial = Partial<Value>()
    for (shard, value) in values.enumerated() { try partial.insert(value, shard..<shard + 1, combine) }
    return try (consume partial).result(combine)
  }

  /// A tree whose leaves arrive in any order.
  ///
  /// It holds one value a height if shards are handed out in order from 0 on. Values are handed over, not copied: what `combine`
  /// returns may be its left value, changed in place.
  public struct Partial<Value> {
    /// What came of shards that follow each other: a subtree, or the first ones of a larger subtree.
    fileprivate struct Piece {
      var shards: Range<Int>
      /// Nil only while it is combined.
      var value: Value?
    }

    /// The number of subtrees that make a larger one.
    public let branches: Int
    /// In the order of their shards.
    private var pieces: [Piece] = []

    /// Makes an empty tree.
    public init(branches: Int = 2) {
      precondition(branches > 1, "a tree of \(branches) branches")
      self.branches = branches
    }

    /// What waits for the shards that follow, in the order of shards: what a checkpoint stores.
    public var pending: [(shards: Range<Int>, value: Value)] { pieces.map { ($0.shards, $0.value!) } }

    /// Whether shards are such as ``pending`` has them: bʰ to bʰ⁺¹ of them, whole subtrees of height h, and if they are several,
    /// the first of a larger one.
    public func isPiece(_ shards: Range<Int>) -> Bool {
      var size = 1
      while size < shards.count, size * branches <= shards.count { size *= branches }
      let isFirst = shards.lowerBound.isMultiple(of: shards.count == size ? size : size * branches)
      return shards.lowerBound >= 0 && !shards.isEmpty && shards.count.isMultiple(of: size) && isFirst
    }

    /// Adds the value of one shard, or of what ``pending`` had in another tree, and combines as far as neighbours are present.
    ///
    /// - Precondition: no shard is given twice, and the shards are a piece (``isPiece(_:)``).
    /// - Throws: what `combine` throws.
    public mutating func insert(
      _ value: consuming Value, _ shards: Range<Int>, _ combine: (consuming Value, consuming Value) throws -> Value
    ) rethrows {
      precondition(isPiece(shards), "\(shards) is no part of a tree of \(branches) branches")
      var position = pieces.lastIndex { $0.shards.lowerBound < shards.lowerBound }.map { $0 + 1 } ?? 0
      precondition(
        (position == 0 || pieces[position - 1].shards.upperBound <= shards.lowerBound)
          && (position == pieces.count || pieces[position].shards.lowerBound >= shards.upperBound), "\(shards) were given twice")
      pieces.insert(Piece(shards: shards, value: consume value), at: position)
      while true {
        if follows(position) {
          position -= 1
        } else if !follows(position + 1) {
          return
        }
        var next = pieces.remove(at: position + 1)
        let left = pieces[position].value.take()!
        let right = next.value.take()!
        pieces[position].value = try combine(consume left, consume right)
        pieces[position].shards = pieces[position].shards.lowerBound..<next.shards.upperBound
      }
    }

    /// Adds all that another tree of as many branches has.
    ///
    /// - Precondition: as of ``insert(_:_:_:)``.
    /// - Throws: what `combine` throws.
    public mutating func insert(
      _ other: consuming Partial, _ combine: (consuming Value, consuming Value) throws -> Value
    ) rethrows {
      precondition(other.branches == branches, "trees of \(branches) and \(other.branches) branches")
      for position in other.pieces.indices {
        let value = other.pieces[position].value.take()!
        try insert(consume value, other.pieces[position].shards, combine)
      }
    }

    /// Whether the piece at a position is a whole subtree that those before it, back to the first one of the larger subtree,
    /// wait for.
    private func follows(_ position: Int) -> Bool {
      guard pieces.indices.contains(position), position > 0 else { return false }
      let (left, right) = (pieces[position - 1].shards, pieces[position].shards)
      var size = 1
      while size < right.count { size *= branches }
      let larger = size * branches
      return size == right.count && right.lowerBound.isMultiple(of: size) && left.upperBound == right.lowerBound
        && left.lowerBound == right.lowerBound / larger * larger
    }

    /// The value of the whole tree once every shard from 0 on is in; nil if there are none.
    ///
    /// - Precondition: the shards form a range that starts at 0.
    /// - Throws: what `combine` throws.
    public consuming func result(_ combine: (consuming Value, consuming Value) throws -> Value) rethrows -> Value? {
      var value: Value?
      var start: Int?
      for position in pieces.indices.reversed() {
        let shards = pieces[position].shards
        precondition(start == nil || start == shards.upperBound, "shards are missing after \(shards)")
        let left = pieces[position].value.take()!
        if let right = value.take() {
          value = try combine(consume left, consume right)
        } else {
          value = consume left
        }
        start = shards.lowerBound
      }
      precondition(start ?? 0 == 0, "shards are missing at the start")
      return value
    }
  }
}

extension FixedTree.Partial: Sendable where Value: Sendable {}
extension FixedTree.Partial.Piece: Sendable where Value: Sendable {}
