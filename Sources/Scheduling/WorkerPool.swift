import Dispatch
import Foundation
import Synchronization
import Tensors

/// A fixed number of workers, each with a state of its own on a thread of its own, that run many small rounds of work.
///
/// A worker's state is created on its thread, used there only, and released there, so it need not be `Sendable`. Results
/// come in index order, whichever worker computed them. The workers wait between rounds; a round costs some microseconds
/// beside its work.
public final class WorkerPool<Worker>: Sendable {
  /// The number of workers.
  public let width: Int
  private let crew: Crew<Worker>
  private let threads = DispatchGroup()

  /// Starts the workers and waits until each has its state.
  ///
  /// - Parameters:
  ///   - width: the number of workers, at least 1.
  ///   - cancellation: stops rounds between two indices.
  ///   - prologue: runs first on every worker's thread, for settings that belong to a thread (OpenMP's, say).
  ///   - makeWorker: makes the state of the worker with the given number, on its thread.
  /// - Throws: what `makeWorker` throws (of several failures that of the lowest worker).
  public init(
    width: Int, cancellation: Cancellation = Cancellation(), prologue: @escaping @Sendable () -> Void = {},
    makeWorker: @escaping @Sendable (Int) throws -> Worker
  ) throws {
    precondition(width > 0, "a pool has at least one worker")
    self.width = width
    let crew = Crew<Worker>(cancellation: cancellation)
    self.crew = crew
    for number in 0..<width {
      // Serial queues of their own: Dispatch gives each a thread even when more of them block than there are cores.
      DispatchQueue(label: "espalier.worker.\(number)").async(group: threads) {
        prologue()
        crew.work(number: number, makeWorker)
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
  ///   - finished: called after each index with the number of finished ones, one call at a time, on the workers' threads.
  ///   - body: computes one shard with a worker's state.
  /// - Precondition: no other round of this pool is running.
  /// - Throws: what `body` throws, with the shard named; `CancellationError`.
  public func run<Result: Sendable>(
    _ indices: Range<Int>, finished: (@Sendable (Int) -> Void)? = nil, body: @Sendable (inout Worker, Int) throws -> Result
  ) throws -> [Result] {
    let results = Slots<Result>(count: indices.count)
    try withoutActuallyEscaping(body) { body in
      try crew.run(indices, finished: finished) { worker, index in
        results.set(index - indices.lowerBound, try body(&worker, index))
      }
    }
    return results.all
  }
}

/// Results by place, written from several threads.
private final class Slots<Value: Sendable>: Sendable {
  private let values: Mutex<[Value?]>

  init(count: Int) { values = Mutex([Value?](repeating: nil, count: count)) }

  func set(_ index: Int, _ value: Value) { values.withLock { $0[index] = value } }

  var all: [Value] { values.withLock { $0.compactMap { $0 } } }
}

/// What the workers of a pool share: the round under way and its monitor.
private final class Crew<Worker>: @unchecked Sendable {
  typealias Job = @Sendable (inout Worker, Int) throws -> Void

  // Every stored variable is read and written under `monitor` only.
  private let monitor = NSCondition()
  private let cancellation: Cancellation
  private var job: Job?
  private var finished: (@Sendable (Int) -> Void)?
  private var waiting = 0..<0
  private var running = 0
  private var done = 0
  private var started = 0
  private var failure: (index: Int, error: any Error)?
  private var dismissed = false

  init(cancellation: Cancellation) { self.cancellation = cancellation }

  /// The life of one worker.
  func work(number: Int, _ makeWorker: (Int) throws -> Worker) {
    var worker: Worker
    do {
      worker = try makeWorker(number)
    } catch {
      monitor.withLock {
        record(error, at: number)
        started += 1
        monitor.broadcast()
      }
      return
    }
    monitor.lock()
    defer { monitor.unlock() }
    started += 1
    monitor.broadcast()
    while true {
      while !dismissed && waiting.isEmpty { monitor.wait() }
      guard !dismissed, let job else { return }
      let index = waiting.removeFirst()
      running += 1
      monitor.unlock()
      let outcome = Swift.Result {
        try cancellation.check()
        try job(&worker, index)
      }
      monitor.lock()
      running -= 1
      switch outcome {
      case .success:
        done += 1
        finished?(done)
      case .failure(let error):
        record(error, at: index)
        waiting = waiting.upperBound..<waiting.upperBound
      }
      if waiting.isEmpty && running == 0 { monitor.broadcast() }
    }
  }

  private func record(_ error: any Error, at index: Int) {
    if failure.map({ index < $0.index }) ?? true { failure = (index, error) }
  }

  func awaitStart(of width: Int) -> (any Error)? {
    monitor.withLock {
      while started < width { monitor.wait() }
      defer { failure = nil }
      return failure?.error
    }
  }

  func run(_ indices: Range<Int>, finished: (@Sendable (Int) -> Void)?, _ job: @escaping Job) throws {
    try cancellation.check()
    let failure = monitor.withLock {
      precondition(self.job == nil, "a pool runs one round at a time")
      self.job = job
      self.finished = finished
      waiting = indices
      done = 0
      monitor.broadcast()
      while !waiting.isEmpty || running > 0 { monitor.wait() }
      self.job = nil
      self.finished = nil
      defer { self.failure = nil }
      return self.failure
    }
    guard let failure else { return }
    throw failure.error is CancellationError ? failure.error : EspalierError(failure.error, shard: failure.index)
  }

  func dismiss() {
    monitor.withLock {
      dismissed = true
      monitor.broadcast()
    }
  }
}

extension EspalierError {
  /// An error that happened while a shard was computed, with the shard named before its own place.
  fileprivate init(_ error: any Error, shard: Int) {
    self = error as? EspalierError ?? EspalierError(String(describing: error))
    place = ["shard \(shard)", place].compactMap { $0 }.joined(separator: ": ")
  }
}
