import Engine
import Foundation
import Scheduling
import Synchronization
import Tensors

/// How far a run has come, in what it counts.
public struct RunProgress: Hashable, Sendable {
  /// What is being done: `relevance`, `epoch 3 of 20`.
  public var activity: String
  /// What is counted: `images`.
  public var unit: String
  /// How many are done.
  public var done: Int
  /// How many there are.
  public var total: Int
  /// The work done on those under way, in parts of one.
  public var partial: Double
  /// How many of the done ones an earlier run did; they do not count for the rate.
  public var skipped: Int
  /// The time that all of the run still takes, where it is more than this activity; nil to tell it from the rate.
  public var timeLeft: Duration?
  /// More to know, such as the loss.
  public var detail: String

  /// Makes a report of progress.
  public init(
    activity: String, unit: String = "images", done: Int, total: Int, partial: Double = 0, skipped: Int = 0,
    timeLeft: Duration? = nil,
    detail: String = ""
  ) {
    self.activity = activity
    self.unit = unit
    self.done = done
    self.total = total
    self.partial = partial
    self.skipped = skipped
    self.timeLeft = timeLeft
    self.detail = detail
  }
}

/// What a run may use, and whom it tells how it goes.
public struct RunContext: Sendable {
  /// The number of workers.
  public var workers: Int
  /// Stops the run.
  public var cancellation: Cancellation
  /// Told what a person should know, a line at a time.
  public var note: @Sendable (String) -> Void
  /// Told how far the run has come, possibly often and from any thread.
  public var progress: @Sendable (RunProgress) -> Void

  /// Told what only those want to know who ask for more, a line at a time.
  public var detail: @Sendable (String) -> Void

  /// Makes a context; by default with all cores, and silent.
  public init(
    workers: Int = ProcessInfo.processInfo.activeProcessorCount, cancellation: Cancellation = Cancellation(),
    note: @escaping @Sendable (String) -> Void = { _ in }, progress: @escaping @Sendable (RunProgress) -> Void = { _ in },
    detail: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.workers = workers
    self.cancellation = cancellation
    self.note = note
    self.progress = progress
    self.detail = detail
  }

  /// Tells those who want to know how large a plan is.
  func tellPlan(_ activity: String, bytesPerWorker: Int, batch: Int) {
    detail("\(activity): \((bytesPerWorker / 1_000_000).grouped) MB a worker for batches of \(batch.of("image"))")
  }

  /// The images of a shard, for errors, by their positions in what is passed over.
  static func images(_ shard: Int, batch: Int, of count: Int) -> String {
    let (first, last) = (shard * batch, min((shard + 1) * batch, max(count, 1)) - 1)
    return last > first ? "images \(first) to \(last)" : "image \(first)"
  }

  /// A scheduler for a pass over images of this run, with the engine on one thread a worker.
  ///
  /// - Parameters:
  ///   - activity: what the pass does.
  ///   - batch: the images of a shard.
  ///   - images: all images.
  ///   - shards: the shards that are passed over; nil for all.
  ///   - parts: how far shards under way are, where they take long.
  func scheduler(
    activity: String, batch: Int, images: Int, shards: Range<Int>? = nil, parts: PartialProgress? = nil
  ) -> BlockScheduler {
    let report = progress
    let first = shards?.lowerBound ?? 0
    let own = shards.map { min($0.upperBound * batch, images) - min($0.lowerBound * batch, images) } ?? images
    let done = Shared((done: 0, skipped: 0))
    @Sendable func tell(_ partial: Double) {
      let (done, skipped) = done.value
      report(
        RunProgress(
          activity: activity, done: min(done * batch, own), total: own,
          partial: min(partial * Double(batch), Double(max(own - done * batch, 0))), skipped: min(skipped * batch, own))
      )
    }
    parts?.tell(tell)
    // The clock starts with the work.
    tell(0)
    return BlockScheduler(
      width: workers, memoryBudget: (try? EngineMemory.available()) ?? nil, cancellation: cancellation,
      progress: { pass in
        done.value = (pass.done - first, pass.skipped - first)
        tell(parts?.sum ?? 0)
      }, shardName: { RunContext.images($0, batch: batch, of: images) }, prologue: useOneThreadHere)
  }
}

/// A value behind a lock that closures can share.
private final class Shared<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) { mutex = Mutex(value) }

  var value: Value {
    get { mutex.withLock { $0 } }
    set { mutex.withLock { $0 = newValue } }
  }
}
