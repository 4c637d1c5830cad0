import Dispatch
import Foundation
import Synchronization

/// A fixed number of workers, each with a state of its own on a thread of its own, that run many small rounds of work.
///
/// A worker's state is created on its thread, used there only, and released there, so it need not be `Sendable`. Results
/// come in index order, whichever worker computed them. The workers wait between rounds; a round costs some microseconds
/// beside its work.
public final class WorkerPool<Worker>: Sendable {
  /// The number of workers that have a state.
  public let width: Int
  private let crew: Crew<Worker>
  private let threads = DispatchGroup()

  /// Starts the workers and waits until each has its state.
  ///
  /// - Parameters:
  ///   - width: the number of workers, at least 1.
  ///   - helpers: the number of further workers, without a state, that take the blocks of others' shards; nil if blocks may not
  ///     move to another worker at all.
  ///   - room: the bytes that moving blocks may keep alive; nil for no bound.
  ///   - cancellation: stops rounds between two blocks.
  ///   - shardName: what errors call a shard; nil for nothing.
  ///   - prologue: runs first on every worker's thread, for settings that belong to a thread (OpenMP's, say).
  ///   - makeWorker: makes the state of the worker with the given number, on its thread.
  /// - Throws: what `makeWorker` throws (of several failures that of the lowest worker).
  public init(
    width: Int, helpers: Int? = nil, room: Int? = nil, cancellation: Cancellation = Cancellation(),
    shardName: @escaping @Sendable (Int) -> String? = { "shard \($0)" }, prologue: @escaping @Sendable () -> Void = {},
    makeWorker: @escaping @Sendable (Int) throws -> Worker
  ) throws {
    precondition(width > 0, "a pool has at least one worker")
    self.width = width
    let crew = Crew<Worker>(
      BlockBoard(workers: width, helpers: helpers, room: room, cancellation: cancellation, shardName: shardName))
    self.crew = crew
    // Serial queues of their own: Dispatch gives each a thread even when more of them block than there are cores.
    for number in 0..<width {
      DispatchQueue(label: "espalier.worker.\(number)").async(group: threads) {
        prologue()
        crew.work(number: number, makeWorker)
      }
    }
    for number in 0..<(helpers ?? 0) {
      DispatchQueue(label: "espalier.helper.\(number)").async(group: threads) {
        prologue()
        crew.help()
      }
    }
    if let error = crew.awaitStart(of: width) {
      crew.dismiss()
      threads.wait()
      throw error
    }
  }

  deinit {
    crew.dismiss()
    threads.wait()
  }

  /// Runs `body` once per index on the workers, and returns its results in index order.
  ///
  /// The first error stops the rest: indices are handed out in order, those already running end, and of several errors
  /// that of the lowest index is thrown, so that the same failure is reported whatever the width.
  ///
  /// - Parameters:
  ///   - indices: the shards of this round.
  ///   - body: computes one shard with a worker's state.
  /// - Precondition: no other round of this pool is running.
  /// - Throws: what `body` throws, with the shard named; `CancellationError`.
  public func run<Result: Sendable>(
    _ indices: Range<Int>, body: @Sendable (inout Worker, Int) throws -> Result
  ) throws -> [Result] {
    try run(indices, blocks: []) { worker, index, _ in try body(&worker, index) }
  }

  /// Runs `body` once per index on the workers, with the blocks of a shard on idle workers, and returns its results in index
  /// order.
  ///
  /// - Parameters:
  ///   - indices: the shards of this round.
  ///   - blocks: the names of the blocks of a shard.
  ///   - finished: called after each shard and each block with the number of finished shards, and of shards of which each block
  ///     is finished; one call at a time, on the workers' threads.
  ///   - body: computes one shard with a worker's state, and hands on its blocks.
  /// - Precondition: no other round of this pool is running.
  /// - Throws: what `body` or a block's work throws, with the shard and the block named; `CancellationError`.
  public func run<Result: Sendable>(
    _ indices: Range<Int>, blocks: [String], finished: (@Sendable (_ shards: Int, _ blocks: [Int]) -> Void)? = nil,
    body: @Sendable (inout Worker, Int, BlockHandoff) throws -> Result
  ) throws -> [Result] {
    let results = Slots<Result>(count: indices.count)
    try withoutActuallyEscaping(body) { body in
      try crew.run(indices, blocks: blocks, finished: finished) { worker, index, handoff in
        let result = try body(&worker, index, handoff)
        results.set(index - indices.lowerBound, result)
      }
    }
    return results.all
  }
}

/// Results by position, written from several threads.
private final class Slots<Value: Sendable>: Sendable {
  private let values: Mutex<[Value?]>

  init(count: Int) { values = Mutex([Value?](repeating: nil, count: count)) }

  func set(_ index: Int, _ value: Value) { values.withLock { $0[index] = value } }

  var all: [Value] { values.withLock { $0.compactMap { $0 } } }
}

/// The lives of the workers of a pool.
private final class Crew<Worker>: @unchecked Sendable {
  typealias Job = @Sendable (inout Worker, Int, BlockHandoff) throws -> Void

  // Every stored variable is read and written under the board's monitor only.
  private let board: BlockBoard
  private var monitor: NSCondition { board.monitor }
  private var job: Job?
  private var started = 0
  private var failure: (worker: Int, error: any Error)?
  private var dismissed = false

  init(_ board: BlockBoard) { self.board = board }

  /// The life of one worker.
  func work(number: Int, _ makeWorker: (Int) throws -> Worker) {
    var worker: Worker
    do {
      worker = try makeWorker(number)
    } catch {
      monitor.withLock {
        if failure.map({ number < $0.worker }) ?? true { failure = (number, error) }
        started += 1
        monitor.broadcast()
      }
      return
    }
    monitor.lock()
    defer { monitor.unlock() }
    started += 1
    monitor.broadcast()
    while !dismissed {
      // Blocks go first: their maps take memory, and the shard that they belong to waits for them.
      if board.hasWork || board.shards.isEmpty { board.help() } else { runShard(&worker) }
    }
  }

  /// The life of one worker without a state.
  func help() { monitor.withLock { while !dismissed { board.help() } } }

  private func runShard(_ worker: inout Worker) {
    let handoff = BlockHandoff(shard: board.takeShard(), board)
    guard let job else { return }
    monitor.unlock()
    let outcome = Swift.Result {
      try board.cancellation.check()
      try job(&worker, handoff.shard, handoff)
    }
    monitor.lock()
    let error = handoff.end()
    if let error { return board.endShard(handoff, error) }
    if case .failure(let error) = outcome { return board.endShard(handoff, error) }
    board.endShard(handoff, nil)
  }

  func awaitStart(of width: Int) -> (any Error)? {
    monitor.withLock {
      while started < width { monitor.wait() }
      return failure?.error
    }
  }

  func run(
    _ indices: Range<Int>, blocks: [String], finished: (@Sendable (Int, [Int]) -> Void)?, _ job: @escaping Job
  ) throws {
    try board.cancellation.check()
    let error = monitor.withLock {
      precondition(self.job == nil, "a pool runs one round at a time")
      self.job = job
      defer { self.job = nil }
      board.start(indices, blocks: blocks, finished: finished)
      return board.awaitEnd()
    }
    if let error { throw error }
  }

  func dismiss() {
    monitor.withLock {
      dismissed = true
      monitor.broadcast()
    }
  }
}
