import Foundation
import Synchronization

/// Runs a pass over data: shards of a fixed size on workers of a fixed number, with an answer that does not depend on that
/// number.
///
/// The scheduler is the settings of such passes, a value; threads live while a pass or a ``WorkerPool`` does.
public struct BlockScheduler: Sendable {
  /// The number of workers that a pass may use.
  public var width: Int
  /// The bytes that the workers of a pass may hold together; nil for no bound.
  public var memoryBudget: Int?
  /// Stops a pass between two shards.
  public var cancellation: Cancellation
  /// Called after each shard, one call at a time, on the workers' threads; it should be quick.
  public var progress: (@Sendable (PassProgress) -> Void)?
  /// Runs first in every block that Dispatch runs for a worker, for settings that belong to a thread (OpenMP's, say).
  public var prologue: @Sendable () -> Void

  /// Makes a scheduler.
  ///
  /// - Parameters:
  ///   - width: the number of workers, by default the number of active cores.
  ///   - memoryBudget: the bytes that the workers may hold together.
  ///   - cancellation: stops a pass between two shards.
  ///   - progress: called after each shard.
  ///   - prologue: runs first on every worker's thread.
  public init(
    width: Int = ProcessInfo.processInfo.activeProcessorCount, memoryBudget: Int? = nil,
    cancellation: Cancellation = Cancellation(), progress: (@Sendable (PassProgress) -> Void)? = nil,
    prologue: @escaping @Sendable () -> Void = {}
  ) {
    precondition(width > 0, "a scheduler has at least one worker")
    self.width = width
    self.memoryBudget = memoryBudget
    self.cancellation = cancellation
    self.progress = progress
    self.prologue = prologue
  }

  /// The number of workers for a pass: never more than ``width``, than there are shards, or than fit the memory budget,
  /// and at least 1.
  public func workers(forShards shards: Int, bytesPerWorker: Int = 0) -> Int {
    var workers = min(width, shards)
    if let memoryBudget, bytesPerWorker > 0 { workers = min(workers, memoryBudget / bytesPerWorker) }
    return max(workers, 1)
  }

  /// Workers that stay for many rounds, such as the steps of a training run.
  ///
  /// - Parameters:
  ///   - shards: the most shards that a round will have.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget.
  ///   - makeWorker: makes the state of the worker with the given number, on its thread.
  /// - Throws: what `makeWorker` throws.
  public func pool<Worker>(
    shards: Int = .max, bytesPerWorker: Int = 0, makeWorker: @escaping @Sendable (Int) throws -> Worker
  ) throws -> WorkerPool<Worker> {
    try WorkerPool(
      width: workers(forShards: shards, bytesPerWorker: bytesPerWorker), cancellation: cancellation, prologue: prologue,
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
    try cancellation.check()
    if shards.isEmpty { return [] }
    let pool = try pool(shards: shards.count, bytesPerWorker: bytesPerWorker, makeWorker: makeWorker)
    return try pool.run(shards, finished: reporter(total: shards.count), body: body)
  }

  /// Runs `body` once per shard and combines its results by the ``FixedTree``, as soon as siblings are there.
  ///
  /// - Parameters:
  ///   - shards: the indices of the shards.
  ///   - bytesPerWorker: what one worker's state holds, for the memory budget.
  ///   - partial: what earlier passes left, if this one goes on; the shards that it covers are not in `shards`.
  ///   - makeWorker: makes the state of the worker with the given number, once, on its thread.
  ///   - body: computes one shard with a worker's state.
  ///   - combine: combines the results of two neighbouring ranges of shards, left and right, on a worker's thread.
  /// - Returns: the tree; its `result` is the answer once all shards from 0 on are in.
  /// - Throws: as ``map(shards:bytesPerWorker:makeWorker:body:)``; what `combine` throws.
  public func reduce<Worker, Result: Sendable>(
    shards: Range<Int>, bytesPerWorker: Int = 0, from partial: FixedTree.Partial<Result> = FixedTree.Partial(),
    makeWorker: @escaping @Sendable (Int) throws -> Worker, body: @Sendable (inout Worker, Int) throws -> Result,
    combine: @Sendable (Result, Result) throws -> Result
  ) throws -> FixedTree.Partial<Result> {
    let tree = Mutex(partial)
    _ = try map(shards: shards, bytesPerWorker: bytesPerWorker, makeWorker: makeWorker) { worker, shard in
      let value = try body(&worker, shard)
      try tree.withLock { try $0.insert(value, index: shard, combine) }
    }
    return tree.withLock { $0 }
  }

  private func reporter(total: Int) -> (@Sendable (Int) -> Void)? {
    guard let progress else { return nil }
    let start = ContinuousClock.now
    return { done in progress(PassProgress(done: done, total: total, elapsed: ContinuousClock.now - start)) }
  }
}
