/// When and how a pass saves what it has, so that it can go on from there.
public struct PassCheckpoint<Result: Sendable>: Sendable {
  /// The least time between two times of saving.
  public var interval: Duration
  /// Saves the tree of all shards below the cursor, and of no other.
  ///
  /// A pass over the shards from the cursor on, `from` that tree, gives the bits of one that was never cut.
  public var save: @Sendable (_ partial: FixedTree.Partial<Result>, _ cursor: Int) throws -> Void

  /// Makes a way to save, by default every minute.
  public init(
    interval: Duration = .seconds(60), save: @escaping @Sendable (FixedTree.Partial<Result>, _ cursor: Int) throws -> Void
  ) {
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
    checkpoint: PassCheckpoint<Result>? = nil, makeWorker: @escaping @Sendable (Int) throws -> Worker,
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
    from partial: FixedTree.Partial<Result> = FixedTree.Partial(), checkpoint: PassCheckpoint<Result>? = nil,
    makeWorker: @escaping @Sendable (Int) throws -> Worker,
    body: @Sendable (inout Worker, Int, BlockHandoff) throws -> Result,
    combine: @Sendable (consuming Result, consuming Result) throws -> Result
  ) throws -> FixedTree.Partial<Result> {
    let line = Reduction(partial, at: shards.lowerBound, checkpoint, mostWaiting: 2 * width + 2)
    do {
      _ = try map(
        shards: shards, blocks: blocks, blocksMayMove: blocksMayMove, bytesPerWorker: bytesPerWorker, makeWorker: makeWorker
      ) { worker, shard, handoff in
        let value = try body(&worker, shard, handoff)
        try handoff.wait()
        try line.insert(consume value, shard: shard, combine)
      }
    } catch {
      if let failure = line.failure { throw failure }
      do { try line.save() } catch let failure { if error is CancellationError { throw failure } }
      throw error
    }
    return line.tree
  }
}
