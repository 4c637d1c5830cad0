import Foundation

/// A tree that takes the results of shards in their order, so that it covers all shards below a cursor and no other.
///
/// Those that come early wait. One worker at a time combines and saves, with the lock open, and the others go on with their shards:
/// they wait only if it falls behind so far that memory would grow.
final class Reduction<Result: Sendable>: @unchecked Sendable {
  private let checkpoint: PassCheckpoint<Result>?
  private let mostWaiting: Int
  private let monitor = NSCondition()

  // Read and written under the monitor only.
  private var early: [Int: Result] = [:]
  private var cursor: Int
  private var isBusy = false
  private var thrown: (any Error)?

  // Of the worker that made this busy; of the caller once all shards have ended.
  private(set) var tree: FixedTree.Partial<Result>
  private var savedCursor: Int
  private var savedTime = ContinuousClock.now

  /// - Parameter mostWaiting: the results that may wait for the worker that combines.
  init(_ tree: FixedTree.Partial<Result>, at cursor: Int, _ checkpoint: PassCheckpoint<Result>?, mostWaiting: Int) {
    self.tree = tree
    self.checkpoint = checkpoint
    self.cursor = cursor
    self.mostWaiting = mostWaiting
    savedCursor = cursor
  }

  /// What combining or saving threw, which is no shard's fault.
  var failure: (any Error)? { monitor.withLock { thrown } }

  /// Takes in the result of a shard, and combines what is next unless another worker does.
  ///
  /// - Throws: what `combine` and saving throw, to every worker that comes later.
  func insert(
    _ value: consuming Result, shard: Int, _ combine: (consuming Result, consuming Result) throws -> Result
  ) throws {
    monitor.lock()
    defer { monitor.unlock() }
    early[shard] = value
    while isBusy, thrown == nil, early.count > mostWaiting { monitor.wait() }
    if let thrown { throw thrown }
    if isBusy { return }
    isBusy = true
    defer {
      isBusy = false
      monitor.broadcast()
    }
    while let next = early.removeValue(forKey: cursor) {
      let index = cursor
      monitor.broadcast()
      monitor.unlock()
      let outcome = Swift.Result {
        try tree.insert(next, index: index, combine)
        if let checkpoint, ContinuousClock.now - savedTime >= checkpoint.interval { try save(upTo: index + 1) }
      }
      monitor.lock()
      cursor = index + 1
      if case .failure(let error) = outcome {
        thrown = error
        throw error
      }
    }
  }

  /// Saves what is new, once all shards have ended.
  func save() throws { try save(upTo: monitor.withLock { cursor }) }

  private func save(upTo cursor: Int) throws {
    guard let checkpoint, cursor > savedCursor else { return }
    try checkpoint.save(tree, cursor)
    savedCursor = cursor
    savedTime = ContinuousClock.now
  }
}
