/// How far a pass has come.
public struct PassProgress: Hashable, Sendable {
  /// The number of shards that are finished.
  public var done: Int
  /// The number of shards of the whole pass.
  public var total: Int
  /// The time since the pass began.
  public var elapsed: Duration

  /// Makes a report of progress.
  public init(done: Int, total: Int, elapsed: Duration) {
    self.done = done
    self.total = total
    self.elapsed = elapsed
  }

  /// The share that is finished, 0 ..
  ///
  /// 1; 1 for an empty pass.
  public var fraction: Double { total == 0 ? 1 : Double(done) / Double(total) }

  /// Shards per second; 0 before the first is finished.
  public var rate: Double {
    let seconds = elapsed / .seconds(1)
    return seconds > 0 ? Double(done) / seconds : 0
  }

  /// The time that the rest takes at the present rate; nil before the first shard is finished.
  public var timeLeft: Duration? {
    done > 0 ? elapsed * (Double(total - done) / Double(done)) : nil
  }
}
