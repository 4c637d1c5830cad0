import Foundation
import Tensors

/// Where the body of one shard hands on the work on its blocks, as soon as the network has computed them.
///
/// A *block* is a part of the network, a *work* what is done with its feature maps: observing, scoring. A work that may move
/// waits for a worker that has no shard to take, which prefers the earliest block; otherwise it runs inside
/// ``submit(block:bytes:_:)``, while the maps are warm in cache. Works of one block of a shard run one after the other, in the
/// order of their submission; works of different blocks may run at once.
///
/// Blocks are submitted in ascending order, as the network computes them. Of several works that fail, the first submitted one's
/// error is the shard's, and goes before what the body itself throws: so it is the same whether works move or not.
public final class BlockHandoff: @unchecked Sendable {
  /// The shard.
  public let shard: Int

  // Every stored variable is read and written under the board's monitor only.
  private let board: BlockBoard
  private var submitted = 0
  private var hasEnded = false
  /// The works that wait or run, on whatever thread.
  fileprivate var outstanding = 0
  /// The blocks of which a work runs.
  fileprivate var busy: Set<Int> = []
  /// The blocks that count as done.
  fileprivate var done: Set<Int> = []
  fileprivate var failure: (order: Int, error: any Error)?

  init(shard: Int, _ board: BlockBoard) {
    self.shard = shard
    self.board = board
  }

  /// Does the work on a block: here and now, or by an idle worker before ``wait()`` returns.
  ///
  /// - Parameters:
  ///   - block: the block's position in the pass's `blocks`.
  ///   - bytes: what the work keeps alive while it waits, for the memory budget.
  ///   - work: what is done. What it reads must stay as it is until ``wait()`` returns, if the pass lets blocks move; it must not
  ///     call ``wait()``.
  /// - Throws: what this or an earlier work has thrown, with the block named; `CancellationError`. The body should end then.
  public func submit(block: Int, bytes: Int = 0, _ work: @escaping @Sendable () throws -> Void) throws {
    board.monitor.lock()
    defer { board.monitor.unlock() }
    precondition(!hasEnded, "a block was submitted after its shard's body had ended")
    try check()
    let item = BlockItem(handoff: self, block: block, order: submitted, bytes: bytes, work: work)
    submitted += 1
    if board.hasRoom(forBytes: bytes) {
      board.put(item)
      return
    }
    while busy.contains(block) || board.isWaiting(block: block, of: self) { board.help(self, block: block) }
    try check()
    board.perform(item)
    try check()
  }

  /// Waits until all that was submitted is done, helping meanwhile.
  ///
  /// The pass waits by itself when a body ends; a body waits where it needs the results of its blocks.
  ///
  /// - Throws: the error of the first submitted work that failed, with the block named; `CancellationError`.
  public func wait() throws {
    board.monitor.lock()
    defer { board.monitor.unlock() }
    drain()
    try check()
  }

  /// Waits for the end of all works, the body having ended; the error of the first that failed.
  ///
  /// The monitor is locked.
  func end() -> (any Error)? {
    drain()
    hasEnded = true
    return failure?.error
  }

  private func drain() { while outstanding > 0 { board.help(self) } }

  private func check() throws {
    if let failure { throw failure.error }
    // Its own error would not be the one to be reported any more.
    if board.hasFailed(before: shard) { throw CancellationError() }
  }
}

/// One work on a block.
private final class BlockItem {
  let handoff: BlockHandoff
  let block: Int
  /// The position among the works of its shard.
  let order: Int
  let bytes: Int
  /// Whether it counts among what waits for a worker.
  var isHandedOn = false
  private var work: (@Sendable () throws -> Void)?

  init(handoff: BlockHandoff, block: Int, order: Int, bytes: Int, work: @escaping @Sendable () throws -> Void) {
    self.handoff = handoff
    self.block = block
    self.order = order
    self.bytes = bytes
    self.work = work
  }

  /// Runs the work and lets go of what it holds.
  func run() throws {
    let work = self.work
    self.work = nil
    try work?()
  }

  /// Earliest block first: so memory is freed in the order in which the network took it.
  func precedes(_ other: BlockItem) -> Bool {
    (block, handoff.shard, order) < (other.block, other.handoff.shard, other.order)
  }
}

/// What the workers of a pool share during a round: the shards to hand out, the works that wait for a worker, what is done and
/// what failed.
///
/// Everything but the constants is read and written under ``monitor`` only.
final class BlockBoard: @unchecked Sendable {
  let monitor = NSCondition()
  let cancellation: Cancellation
  /// The workers that take shards, and those that take nothing but works on blocks; nil where works may not move.
  private let workers: Int
  private let helpers: Int?
  /// The bytes that works may keep alive while they wait or run elsewhere; nil for no bound.
  private let room: Int?
  /// What errors call a shard; nil for nothing.
  private let shardName: @Sendable (Int) -> String?

  private(set) var shards = 0..<0
  private var running = 0
  private var done = 0
  private var blocks: [String] = []
  private var blocksDone: [Int] = []
  private var finished: (@Sendable (Int, [Int]) -> Void)?
  private var failure: (shard: Int, error: any Error)?
  private var waiting: [BlockItem] = []
  private var bytes = 0

  init(
    workers: Int, helpers: Int?, room: Int?, cancellation: Cancellation, shardName: @escaping @Sendable (Int) -> String?
  ) {
    self.workers = workers
    self.shardName = shardName
    self.helpers = helpers
    self.room = room
    self.cancellation = cancellation
  }

  // MARK: The round

  func start(_ shards: Range<Int>, blocks: [String], finished: (@Sendable (Int, [Int]) -> Void)?) {
    self.shards = shards
    self.blocks = blocks
    self.finished = finished
    blocksDone = [Int](repeating: 0, count: blocks.count)
    done = 0
    monitor.broadcast()
  }

  /// Waits for the end of the round; the error of the lowest shard that failed.
  func awaitEnd() -> (any Error)? {
    while !shards.isEmpty || running > 0 { monitor.wait() }
    finished = nil
    defer { failure = nil }
    guard let failure else { return nil }
    return failure.error is CancellationError ? failure.error : EspalierError(failure.error, in: shardName(failure.shard))
  }

  func takeShard() -> Int {
    running += 1
    return shards.removeFirst()
  }

  /// Notes that the body of a shard has ended, after its works.
  func endShard(_ handoff: BlockHandoff, _ error: (any Error)?) {
    running -= 1
    if let error {
      if failure.map({ handoff.shard < $0.shard }) ?? true { failure = (handoff.shard, error) }
      shards = shards.upperBound..<shards.upperBound
      drop { $0.handoff.shard > handoff.shard }
    } else {
      for block in blocksDone.indices where handoff.done.insert(block).inserted { blocksDone[block] += 1 }
      done += 1
      finished?(done, blocksDone)
    }
    // Bodies wait for works that were dropped, the round for its last shard.
    monitor.broadcast()
  }

  func hasFailed(before shard: Int) -> Bool { failure.map { $0.shard < shard } ?? false }

  // MARK: Works

  /// Whether a work may wait: there is a worker with no shard to take, and memory for what the work keeps alive.
  func hasRoom(forBytes bytes: Int) -> Bool {
    guard let helpers, helpers > 0 || (shards.isEmpty && running < workers) else { return false }
    return room.map { self.bytes + bytes <= $0 } ?? true
  }

  fileprivate func put(_ item: BlockItem) {
    item.isHandedOn = true
    item.handoff.outstanding += 1
    bytes += item.bytes
    waiting.append(item)
    monitor.broadcast()
  }

  func isWaiting(block: Int, of handoff: BlockHandoff) -> Bool {
    waiting.contains { $0.handoff === handoff && $0.block == block }
  }

  /// Whether ``help(_:block:)`` would find something to do for any shard.
  var hasWork: Bool { waiting.contains { !$0.handoff.busy.contains($0.block) } }

  /// Does the earliest work that waits — of one shard, or of one of its blocks — or waits for news if there is none.
  func help(_ handoff: BlockHandoff? = nil, block: Int? = nil) {
    var best: Int?
    for (position, item) in waiting.enumerated() {
      guard handoff == nil || item.handoff === handoff, block == nil || item.block == block,
        !item.handoff.busy.contains(item.block), best.map({ item.precedes(waiting[$0]) }) ?? true
      else { continue }
      best = position
    }
    guard let best else { return monitor.wait() }
    perform(waiting.remove(at: best))
  }

  /// Does a work on this thread, the monitor unlocked meanwhile.
  fileprivate func perform(_ item: BlockItem) {
    let handoff = item.handoff
    if !item.isHandedOn { handoff.outstanding += 1 }
    handoff.busy.insert(item.block)
    monitor.unlock()
    let outcome = Result {
      try cancellation.check()
      try item.run()
    }
    monitor.lock()
    handoff.busy.remove(item.block)
    forget(item)
    switch outcome {
    case .success:
      if item.block < blocksDone.count, handoff.done.insert(item.block).inserted {
        blocksDone[item.block] += 1
        finished?(done, blocksDone)
      }
    case .failure(let error):
      if handoff.failure.map({ item.order < $0.order }) ?? true { handoff.failure = (item.order, named(error, item.block)) }
      drop { $0.handoff === handoff && $0.order > item.order }
    }
    monitor.broadcast()
  }

  private func drop(_ isIdle: (BlockItem) -> Bool) {
    for item in waiting where isIdle(item) { forget(item) }
    waiting.removeAll(where: isIdle)
  }

  private func forget(_ item: BlockItem) {
    item.handoff.outstanding -= 1
    if item.isHandedOn { bytes -= item.bytes }
  }

  private func named(_ error: any Error, _ block: Int) -> any Error {
    if error is CancellationError { return error }
    return EspalierError(error, in: "block " + (blocks.indices.contains(block) ? blocks[block] : "\(block)"))
  }
}

extension EspalierError {
  /// An error that happened somewhere, with that named before its own location.
  fileprivate init(_ error: any Error, in position: String?) {
    self = error as? EspalierError ?? EspalierError(String(describing: error))
    // What names its image itself need not hear it again.
    let isNamed = position.map { self.location == $0 || self.location?.hasPrefix($0 + ": ") ?? false } ?? false
    let positions = [isNamed ? nil : position, self.location].compactMap { $0 }
    self.location = positions.isEmpty ? nil : positions.joined(separator: ": ")
  }
}
