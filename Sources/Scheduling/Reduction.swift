import Foundation

/// Something whole that takes the results of shards in their order, so that it covers all shards below a cursor and no other.
///
/// Those that come early wait. One worker at a time combines and saves, with the lock open, and the others go on with their
/// shards. A worker that is too far ahead of the cursor waits, so that memory does not grow with the number of shards.
final class Reduction<Part: Sendable, Whole: Sendable>: @unchecked Sendable {
  private let checkpoint: PassCheckpoint<Whole>?
  private let mostAhead: Int
  private let cancellation: Cancellation
  private let monitor = NSCondition()

  // Read and written under the monitor only.
  private var early: [Int: Part] = [:]
  private var cursor: Int
  private var isBusy = false
  private var isStopped = false
  private var thrown: (any Error)?

  // Of the worker that made this busy; of the caller once all shards have ended.
  private var whole: Whole?
  private var savedCursor: Int
  private var savedTime = ContinuousClock.now

  /// - Parameter mostAhead: how many shards behind the cursor a worker may have finished and still begin another.
  init(_ whole: Whole, at cursor: Int, _ checkpoint: PassCheckpoint<Whole>?, mostAhead: Int, _ cancellation: Cancellation) {
    self.whole = whole
    self.checkpoint = checkpoint
    self.cursor = cursor
    self.mostAhead = mostAhead
    self.cancellation = cancellation
    savedCursor = cursor
  }

  /// What combining or saving threw, which is no shard's fault.
  var failure: (any Error)? { monitor.withLock { thrown } }

  /// Takes in the result of a shard, and combines what is next unless another worker does.
  ///
  /// - Throws: what `take` and saving throw, to every worker that comes later.
  func insert(_ value: consuming Part, shard: Int, _ take: (inout Whole, consuming Part, Int) throws -> Void) throws {
    monitor.lock()
    defer { monitor.unlock() }
    early[shard] = value
    try advance(take)
    while shard >= cursor + mostAhead, thrown == nil, !isStopped, !cancellation.isCancelled {
      // A cancelled shard may end before it comes here, so nobody might call.
      _ = monitor.wait(until: Date(timeIntervalSinceNow: 0.05))
    }
    if let thrown { throw thrown }
  }

  /// Lets those go that wait for a shard that has failed.
  func stop() {
    monitor.withLock {
      isStopped = true
      monitor.broadcast()
    }
  }

  private func advance(_ take: (inout Whole, consuming Part, Int) throws -> Void) throws {
    if let thrown { throw thrown }
    if isBusy { return }
    isBusy = true
    defer {
      isBusy = false
      monitor.broadcast()
    }
    while let next = early.removeValue(forKey: cursor) {
      let index = cursor
      monitor.unlock()
      let outcome = Swift.Result {
        try take(&whole!, next, index)
        if let checkpoint, ContinuousClock.now - savedTime >= checkpoint.interval { try save(upTo: index + 1) }
      }
      monitor.lock()
      cursor = index + 1
      monitor.broadcast()
      if case .failure(let error) = outcome {
        thrown = error
        throw error
      }
    }
  }

  /// Hands over what came of all shards, once these have ended: a thread that ends later keeps none of it.
  func result() -> Whole { whole.take()! }

  /// Saves what is new, once all shards have ended.
  func save() throws { try save(upTo: monitor.withLock { cursor }) }

  private func save(upTo cursor: Int) throws {
    guard let checkpoint, cursor > savedCursor else { return }
    try checkpoint.save(whole!, cursor)
    savedCursor = cursor
    savedTime = ContinuousClock.now
  }
}
