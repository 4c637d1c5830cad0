import Foundation

/// Runs a pass over data: shards of a fixed size on workers of a fixed number, with an answer that does not depend on that
/// number.
///
/// The scheduler is the settings of such passes, a value; threads live while a pass or a ``WorkerPool`` does.
public struct BlockScheduler: Sendable {
  /// The number of workers that a pass may use.
  public var width: Int
  /// The bytes that the workers of a pass, and the feature maps that wait for one, may hold together; nil for no bound.
  public var memoryBudget: Int?
  /// Stops a pass between two shards or two blocks.
  public var cancellation: Cancellation
  /// Called after each shard and each block, one call at a time, on the workers' threads; it should be quick.
  public var progress: (@Sendable (PassProgress) -> Void)?
  /// What errors call a shard, such as `images 32 to 63`; nil for nothing.
  public var shardName: @Sendable (Int) -> String?
  /// Runs first in every block that Dispatch runs for a worker, for settings that belong to a thread (OpenMP's, say).
  public var prologue: @Sendable () -> Void

  /// Makes a scheduler.
  ///
  /// - Parameters:
  ///   - width: the number of workers, by default the number of active cores.
  ///   - memoryBudget: the bytes that workers and waiting feature maps may hold together.
  ///   - cancellation: stops a pass between two shards or two blocks.
  ///   - progress: called after each shard and each block.
  ///   - shardName: what errors call a shard; nil for nothing.
  ///   - prologue: runs first on every worker's thread.
  public init(
    width: Int = ProcessInfo.processInfo.activeProcessorCount, memoryBudget: Int? = nil,
    cancellation: Cancellation = Cancellation(), progress: (@Sendable (PassProgress) -> Void)? = nil,
    shardName: @escaping @Sendable (Int) -> String? = { "shard \($0)" }, prologue: @escaping @Sendable () -> Void = {}
  ) {
    precondition(width > 0, "a scheduler has at least one worker")
    self.width = width
    self.memoryBudget = memoryBudget
    self.cancellation = cancellation
    self.progress = progress
    self.shardName = shardName
    self.prologue = prologue
  }

  /// The number of workers for a pass: never more than ``width``, than there are shards, or than fit the memory budget,
  /// and at least 1.
  public func workers(forShards shards: Int, bytesPerWorker: Int = 0) -> Int {
    var workers = min(width, shards)
    if let memoryBudget, bytesPerWorker > 0 { workers = min(workers, memoryBudget / bytesPerWorker) }
    return max(workers, 1)
  }

  /// Whether a pass has workers without a shard, which take the blocks of others' shards if these may move.
  ///
  /// A plan that keeps its feature maps until the end of a shard, so that its blocks may move, is worth its memory only then.
  public func movesBlocks(forShards shards: Int, bytesPerWorker: Int = 0) -> Bool {
    shards > 0 && workers(forShards: shards, bytesPerWorker: bytesPerWorker) < width
  }

  /// Workers that stay for many rounds, such as the steps of a training run.
  ///
  /// - Parameters:
  ///   - shards: the most shards that a round will have.
  ///   - blocksMayMove: whether blocks may move to a worker that has no shard.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget.
  ///   - makeWorker: makes the state of the worker with the given number, on its thread.
  /// - Throws: what `makeWorker` throws.
  public func pool<Worker>(
    shards: Int = .max, blocksMayMove: Bool = false, bytesPerWorker: Int = 0,
    makeWorker: @escaping @Sendable (Int) throws -> Worker
  ) throws -> WorkerPool<Worker> {
    let workers = workers(forShards: shards, bytesPerWorker: bytesPerWorker)
    return try WorkerPool(
      width: workers, helpers: blocksMayMove ? width - workers : nil,
      room: memoryBudget.map { max($0 - workers * bytesPerWorker, 0) }, cancellation: cancellation, shardName: shardName,
      prologue: prologue,
      makeWorker: makeWorker)
  }

  /// Runs `body` once per shard and returns its results in shard order.
  ///
  /// - Parameters:
  ///   - shards: the indices of the shards; a resumed pass starts above 0.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget.
  ///   - makeWorker: makes the state of the worker with the given number, once, on its thread.
  ///   - body: computes one shard with a worker's state.
  /// - Throws: the error of the lowest failing shard, with the shard named; what `makeWorker` throws; `CancellationError`.
  public func map<Worker, Result: Sendable>(
    shards: Range<Int>, bytesPerWorker: Int = 0, makeWorker: @escaping @Sendable (Int) throws -> Worker,
    body: @Sendable (inout Worker, Int) throws -> Result
  ) throws -> [Result] {
    try map(shards: shards, blocks: [], bytesPerWorker: bytesPerWorker, makeWorker: makeWorker) { worker, shard, _ in
      try body(&worker, shard)
    }
  }

  /// Runs `body` once per shard, the work on the shard's blocks on workers that have no shard, and returns its results in shard
  /// order.
  ///
  /// - Parameters:
  ///   - shards: the indices of the shards; a resumed pass starts above 0.
  ///   - blocks: the names of the blocks of every shard, for errors and progress.
  ///   - blocksMayMove: whether blocks may move to another worker: whether feature maps stay as they are until the end of their
  ///     shard. See ``movesBlocks(forShards:bytesPerWorker:)``.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget; the rest is for maps that wait.
  ///   - makeWorker: makes the state of the worker with the given number, once, on its thread.
  ///   - body: computes one shard with a worker's state, and hands on its blocks.
  /// - Throws: the error of the first failing block of the lowest failing shard, with both named, whatever the width; what
  ///   `makeWorker` throws; `CancellationError`.
  public func map<Worker, Result: Sendable>(
    shards: Range<Int>, blocks: [String], blocksMayMove: Bool = false, bytesPerWorker: Int = 0,
    makeWorker: @escaping @Sendable (Int) throws -> Worker,
    body: @Sendable (inout Worker, Int, BlockHandoff) throws -> Result
  ) throws -> [Result] {
    try cancellation.check()
    if shards.isEmpty { return [] }
    let pool = try pool(
      shards: shards.count, blocksMayMove: blocksMayMove, bytesPerWorker: bytesPerWorker, makeWorker: makeWorker)
    return try pool.run(shards, blocks: blocks, finished: reporter(shards, blocks), body: body)
  }

  /// Shards below the range count as done: by an earlier run.
  private func reporter(_ shards: Range<Int>, _ names: [String]) -> (@Sendable (Int, [Int]) -> Void)? {
    guard let progress else { return nil }
    let start = ContinuousClock.now
    return { done, blocksDone in
      let skipped = shards.lowerBound
      let blocks = zip(names, blocksDone).map { PassProgress.Block(name: $0, done: skipped + $1) }
      progress(
        PassProgress(
          done: skipped + done, total: shards.upperBound, skipped: skipped, elapsed: ContinuousClock.now - start, blocks: blocks))
    }
  }
}
