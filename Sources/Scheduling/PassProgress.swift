/// How far a pass has come.
public struct PassProgress: Hashable, Sendable {
  /// The number of shards that are finished, with those of an earlier run that this pass goes on from.
  public var done: Int
  /// The number of shards of the whole pass.
  public var total: Int
  /// How many of the finished ones an earlier run did; they do not count for the rate.
  public var skipped: Int
  /// The time since the pass, or the rest of it, began.
  public var elapsed: Duration
  /// The blocks of the pass in their order; none if it has no blocks.
  public var blocks: [Block]

  /// How far one block has come.
  public struct Block: Hashable, Sendable {
    /// The block's name.
    public var name: String
    /// The number of shards of which the block is finished.
    public var done: Int

    /// Makes a report on a block.
    public init(name: String, done: Int) {
      self.name = name
      self.done = done
    }
  }

  /// Makes a report of progress.
  public init(done: Int, total: Int, skipped: Int = 0, elapsed: Duration, blocks: [Block] = []) {
    self.done = done
    self.total = total
    self.skipped = skipped
    self.elapsed = elapsed
    self.blocks = blocks
  }

  /// The share that is finished, from 0 to 1; 1 for an empty pass.
  ///
  /// Blocks of unfinished shards count, each as much as any other and as what follows the last.
  public var fraction: Double {
    let parts = (blocks.count + 1) * total
    return parts == 0 ? 1 : Double(blocks.reduce(done) { $0 + $1.done }) / Double(parts)
  }

  /// Shards per second of this run; 0 before the first is finished.
  public var rate: Double {
    let seconds = elapsed / .seconds(1)
    return seconds > 0 ? Double(done - skipped) / seconds : 0
  }

  /// The time that the rest takes at the present rate; nil before the first shard or block is finished.
  public var timeLeft: Duration? {
    let each = blocks.count + 1
    let finished = blocks.reduce(done) { $0 + $1.done }
    return finished > skipped * each ? elapsed * (Double(each * total - finished) / Double(finished - skipped * each)) : nil
  }

  /// The time until a block is finished in all shards, at its present rate; nil before it is in the first.
  public func timeLeft(of block: Block) -> Duration? {
    block.done > skipped ? elapsed * (Double(total - block.done) / Double(block.done - skipped)) : nil
  }
}
