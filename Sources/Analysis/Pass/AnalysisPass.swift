import Engine
import Foundation
import Scheduling
import Tensors

/// One shard of images, ready to be analysed.
public struct AnalysisShard: Sendable {
  /// The network's input, `[n, C, H, W]`.
  public var input: Tensor<Float>
  /// What is known of the images.
  public var images: ShardImages
  /// What the network's other inputs take, by their names.
  public var others: [String: Tensor<Float>]
  /// What is explained of each image.
  public var targets: [OutputTarget]

  /// Makes a shard.
  public init(
    input: Tensor<Float>, others: [String: Tensor<Float>] = [:], images: ShardImages, targets: [OutputTarget]
  ) {
    self.input = input
    self.others = others
    self.images = images
    self.targets = targets
  }
}

/// A pass over images that shows every site of a plan to accumulators, on all workers at once.
///
/// What was learned from each shard is merged as ``PartialPass`` says: the answer has the same bits for any number of workers, for
/// a pass that was interrupted and went on, and for one whose parts were run elsewhere.
public struct AnalysisPass: Sendable {
  /// The compiled pass.
  public let plan: AnalysisPlan
  /// The number of shards.
  public let shards: Int
  /// Reads a shard, on a worker's thread.
  public let read: @Sendable (Int) throws -> AnalysisShard
  /// Makes the empty accumulators of all sites.
  public let fresh: @Sendable () -> AnalysisState

  /// Makes a pass.
  public init(
    _ plan: AnalysisPlan, shards: Int, read: @escaping @Sendable (Int) throws -> AnalysisShard,
    fresh: @escaping @Sendable () -> AnalysisState
  ) {
    self.plan = plan
    self.shards = shards
    self.read = read
    self.fresh = fresh
  }

  /// Runs the pass, or the rest of it.
  ///
  /// - Parameters:
  ///   - scheduler: the workers, with their progress and cancellation.
  ///   - saved: where an earlier run of the same pass stopped; nil to begin.
  ///   - interval: how often to save.
  ///   - save: stores how far the pass has come, now and then, and when it is cancelled or fails.
  /// - Returns: what was learned from all shards.
  /// - Throws: the error of the lowest failing shard, with shard and site named; `CancellationError`; what `save` throws.
  public func run(
    _ scheduler: BlockScheduler, from saved: Data? = nil, interval: Duration = .seconds(30),
    save: (@Sendable (PartialPass) throws -> Void)? = nil
  ) throws -> AnalysisState {
    try run(scheduler, over: 0..<shards, from: saved, interval: interval, save: save).result(fresh)
  }

  /// Runs the pass over some of its shards, or the rest of them.
  ///
  /// Where shards are fewer than workers and the plan keeps its maps, sites of one shard are observed on several workers at once.
  ///
  /// - Parameters: as ``run(_:from:interval:save:)``, and
  ///   - range: the shards.
  /// - Returns: what was learned from these shards.
  /// - Throws: as ``run(_:from:interval:save:)``.
  public func run(
    _ scheduler: BlockScheduler, over range: Range<Int>, from saved: Data? = nil, interval: Duration = .seconds(30),
    save: (@Sendable (PartialPass) throws -> Void)? = nil
  ) throws -> PartialPass {
    let none = PartialPass(from: range.lowerBound)
    let start = try saved.map { try PartialPass($0, of: range, fresh) } ?? none
    var scheduler = scheduler
    scheduler.prologue = useOneThreadHere
    return try scheduler.fold(
      shards: start.shards.upperBound..<range.upperBound, blocks: plan.sites.map(\.title), blocksMayMove: plan.keepsMaps,
      bytesPerWorker: plan.bytesPerWorker, from: consume start,
      checkpoint: save.map { save in PassCheckpoint(interval: interval) { whole, _ in try save(whole) } },
      makeWorker: { _ in try AnalysisProgram(plan) },
      body: { program, index, handoff in
        let shard = try read(index)
        let state = try program.run(
          shard.input, others: shard.others, shard.images, targets: shard.targets, fresh: fresh,
          observing: { site, bytes, work in try handoff.submit(block: site, bytes: bytes, work) }, until: handoff.wait)
        return PartialPass(state, shard: index)
      }, take: { $0.append($1) }) ?? none
  }
}
