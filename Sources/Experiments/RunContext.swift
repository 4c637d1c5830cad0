import Engine
import Foundation
import Scheduling

/// How far a run has come, in what it counts.
public struct RunProgress: Hashable, Sendable {
  /// What is being done: `relevance`, `epoch 3 of 20`.
  public var activity: String
  /// What is counted: `pictures`.
  public var unit: String
  /// How many are done.
  public var done: Int
  /// How many there are.
  public var total: Int
  /// How many of the done ones an earlier run did; they do not count for the rate.
  public var skipped: Int
  /// The time that all of the run still takes, where it is more than this activity; nil to tell it from the rate.
  public var timeLeft: Duration?
  /// More to know, such as the loss.
  public var detail: String

  /// Makes a report of progress.
  public init(
    activity: String, unit: String = "pictures", done: Int, total: Int, skipped: Int = 0, timeLeft: Duration? = nil,
    detail: String = ""
  ) {
    self.activity = activity
    self.unit = unit
    self.done = done
    self.total = total
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

  /// Makes a context; by default with all cores, and silent.
  public init(
    workers: Int = ProcessInfo.processInfo.activeProcessorCount, cancellation: Cancellation = Cancellation(),
    note: @escaping @Sendable (String) -> Void = { _ in }, progress: @escaping @Sendable (RunProgress) -> Void = { _ in }
  ) {
    self.workers = workers
    self.cancellation = cancellation
    self.note = note
    self.progress = progress
  }

  /// A scheduler for a pass over pictures of this run, with the engine on one thread a worker.
  ///
  /// - Parameters:
  ///   - activity: what the pass does.
  ///   - batch: the pictures of a shard.
  ///   - pictures: all pictures.
  func scheduler(activity: String, batch: Int, pictures: Int) -> BlockScheduler {
    let report = progress
    return BlockScheduler(
      width: workers, memoryBudget: (try? EngineMemory.available()) ?? nil, cancellation: cancellation,
      progress: { pass in
        report(
          RunProgress(
            activity: activity, done: min(pass.done * batch, pictures), total: pictures,
            skipped: min(pass.skipped * batch, pictures)))
      }, prologue: useOneThreadHere)
  }
}
