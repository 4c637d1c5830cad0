/// When and how a pass saves what it has, so that it can go on from there.
public struct PassCheckpoint<Whole: Sendable>: Sendable {
  /// The least time between two times of saving.
  public var interval: Duration
  /// Saves what became of all shards below the cursor, and of no other.
  ///
  /// A pass over the shards from the cursor on, `from` that, gives the bits of one that was never cut.
  public var save: @Sendable (_ whole: Whole, _ cursor: Int) throws -> Void

  /// Makes a way to save, by default every minute.
  public init(interval: Duration = .seconds(60), save: @escaping @Sendable (Whole, _ cursor: Int) throws -> Void) {
    self.interval = interval
    self.save = save
  }
}

extension BlockScheduler {
  /// Runs `body` once per shard and combines its results by the ``FixedTree``, in shard order.
  ///
  /// - Parameters:
  ///   - shards: the indices of the shards.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget.
  ///   - partial: what earlier passes left, if this one goes on; the shards that it covers are not in `shards`.
  ///   - checkpoint: saves what there is now and then, and when the pass is cancelled or fails.
  ///   - makeWorker: makes the state of the worker with the given number, once, on its thread.
  ///   - body: computes one shard with a worker's state.
  ///   - combine: combines the results of two neighbouring ranges of shards, left and right, on a worker's thread.
  /// - Returns: the tree; its `result` is the answer once all shards from 0 on are in.
  /// - Throws: as ``map(shards:bytesPerWorker:makeWorker:body:)``; what `combine` and `save` throw.
  public func reduce<Worker, Result: Sendable>(
    shards: Range<Int>, bytesPerWorker: Int = 0, from partial: FixedTree.Partial<Result> = FixedTree.Partial(),
    checkpoint: PassCheckpoint<FixedTree.Partial<Result>>? = nil, makeWorker: @escaping @Sendable (Int) throws -> Worker,
    body: @Sendable (inout Worker, Int) throws -> Result,
    combine: @Sendable (consuming Result, consuming Result) throws -> Result
  ) throws -> FixedTree.Partial<Result> {
    try reduce(
      shards: shards, blocks: [], bytesPerWorker: bytesPerWorker, from: partial, checkpoint: checkpoint, makeWorker: makeWorker,
      body: { worker, shard, _ in try body(&worker, shard) }, combine: combine)
  }

  /// Runs `body` once per shard, the work on the shard's blocks on workers that have no shard, and combines its results by the
  /// ``FixedTree``, in shard order.
  ///
  /// - Parameters:
  ///   - shards: the indices of the shards.
  ///   - blocks: the names of the blocks of every shard, for errors and progress.
  ///   - blocksMayMove: whether blocks may move to another worker: whether feature maps stay as they are until the end of their
  ///     shard. See ``movesBlocks(forShards:bytesPerWorker:)``.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget; the rest is for maps that wait.
  ///   - partial: what earlier passes left, if this one goes on; the shards that it covers are not in `shards`.
  ///   - checkpoint: saves what there is now and then, and when the pass is cancelled or fails.
  ///   - makeWorker: makes the state of the worker with the given number, once, on its thread.
  ///   - body: computes one shard with a worker's state, and hands on its blocks; it waits for them
  ///     (``BlockHandoff/wait()``) before it makes a result of theirs.
  ///   - combine: combines the results of two neighbouring ranges of shards, left and right, on a worker's thread.
  /// - Returns: the tree; its `result` is the answer once all shards from 0 on are in.
  /// - Throws: as ``map(shards:blocks:blocksMayMove:bytesPerWorker:makeWorker:body:)``; what `combine` and `save` throw.
  public func reduce<Worker, Result: Sendable>(
    shards: Range<Int>, blocks: [String], blocksMayMove: Bool = false, bytesPerWorker: Int = 0,
    from partial: FixedTree.Partial<Result> = FixedTree.Partial(), checkpoint: PassCheckpoint<FixedTree.Partial<Result>>? = nil,
    makeWorker: @escaping @Sendable (Int) throws -> Worker,
    body: @Sendable (inout Worker, Int, BlockHandoff) throws -> Result,
    combine: @Sendable (consuming Result, consuming Result) throws -> Result
  ) throws -> FixedTree.Partial<Result> {
    try line(
      shards, blocks, blocksMayMove, bytesPerWorker, from: partial, checkpoint, mostAhead: 2 * width + 2, makeWorker, body,
      take: { try $0.insert($1, $2..<$2 + 1, combine) })
  }

  /// Runs `body` once per shard, the work on the shard's blocks on workers that have no shard, and takes its results in one after
  /// the other, in shard order, into one that is changed in place.
  ///
  /// Beside that one only the results of shards in work, and of `width` finished ones at most, are alive, however many shards
  /// there are: the tree of ``reduce(shards:blocks:blocksMayMove:bytesPerWorker:from:checkpoint:makeWorker:body:combine:)`` keeps
  /// one for each power of two. A sum of n shards in Double is off by (n − 1) · 2⁻⁵³ of the sum of magnitudes at most, where the
  /// tree has log₂ n: 10⁻¹⁰ for a million shards.
  ///
  /// - Parameters:
  ///   - shards: the indices of the shards.
  ///   - blocks: the names of the blocks of every shard, for errors and progress.
  ///   - blocksMayMove: whether blocks may move to another worker.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget; the rest is for maps that wait.
  ///   - start: what came of the shards before these, if this pass goes on.
  ///   - checkpoint: saves what there is now and then, and when the pass is cancelled or fails.
  ///   - makeWorker: makes the state of the worker with the given number, once, on its thread.
  ///   - body: computes one shard with a worker's state, and hands on its blocks; it waits for them
  ///     (``BlockHandoff/wait()``) before it makes a result of theirs.
  ///   - take: takes the result of the next shard in, on a worker's thread, one call at a time.
  /// - Returns: what came of all shards; nil if there are none.
  /// - Throws: as ``map(shards:blocks:blocksMayMove:bytesPerWorker:makeWorker:body:)``; what `take` and `save` throw.
  public func fold<Worker, Result: Sendable>(
    shards: Range<Int>, blocks: [String] = [], blocksMayMove: Bool = false, bytesPerWorker: Int = 0,
    from start: consuming Result? = nil,
    checkpoint: PassCheckpoint<Result>? = nil, makeWorker: @escaping @Sendable (Int) throws -> Worker,
    body: @Sendable (inout Worker, Int, BlockHandoff) throws -> Result,
    take: @Sendable (inout Result, consuming Result) throws -> Void
  ) throws -> Result? {
    let saving = checkpoint.map { checkpoint in
      PassCheckpoint<Result?>(interval: checkpoint.interval) { if let whole = $0 { try checkpoint.save(whole, $1) } }
    }
    return try line(
      shards, blocks, blocksMayMove, bytesPerWorker, from: start, saving, mostAhead: width, makeWorker, body,
      take: { whole, part, _ in
        // Unwrapped by a pattern, it would be copied.
        if whole == nil { whole = part } else { try take(&whole!, part) }
      })
  }

  private func line<Worker, Part: Sendable, Whole: Sendable>(
    _ shards: Range<Int>, _ blocks: [String], _ blocksMayMove: Bool, _ bytesPerWorker: Int, from start: consuming Whole,
    _ checkpoint: PassCheckpoint<Whole>?, mostAhead: Int, _ makeWorker: @escaping @Sendable (Int) throws -> Worker,
    _ body: @Sendable (inout Worker, Int, BlockHandoff) throws -> Part,
    take: @Sendable (inout Whole, consuming Part, Int) throws -> Void
  ) throws -> Whole {
    let line = Reduction<Part, Whole>(start, at: shards.lowerBound, checkpoint, mostAhead: mostAhead, cancellation)
    do {
      _ = try map(
        shards: shards, blocks: blocks, blocksMayMove: blocksMayMove, bytesPerWorker: bytesPerWorker, makeWorker: makeWorker
      ) { worker, shard, handoff in
        do {
          let value = try body(&worker, shard, handoff)
          try handoff.wait()
          try line.insert(consume value, shard: shard, take)
        } catch {
          line.stop()
          throw error
        }
      }
    } catch {
      if let failure = line.failure { throw failure }
      do { try line.save() } catch let failure { if error is CancellationError { throw failure } }
      throw error
    }
    return line.result()
  }
}
