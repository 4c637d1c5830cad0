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
/// What was learned from each shard is merged into that of the shards before it, in their order: the answer has the same bits for
/// any number of workers, and for a pass that was interrupted and went on, and memory does not grow with the number of shards
/// beyond what accumulators themselves keep.
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
  /// Where shards are fewer than workers and the plan keeps its maps, sites of one shard are observed on several workers at once.
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
    save: (@Sendable (SavedPass) throws -> Void)? = nil
  ) throws -> AnalysisState {
    var (first, start) = (0, AnalysisState?.none)
    if let saved { (first, start) = try restored(saved) }
    var scheduler = scheduler
    scheduler.prologue = useOneThreadHere
    return try scheduler.fold(
      shards: first..<shards, blocks: plan.sites.map(\.title), blocksMayMove: plan.keepsMaps,
      bytesPerWorker: plan.bytesPerWorker, from: consume start,
      checkpoint: save.map { save in PassCheckpoint(interval: interval) { try save(SavedPass(state: $0, next: $1)) } },
      makeWorker: { _ in try AnalysisProgram(plan) },
      body: { program, index, handoff in
        let shard = try read(index)
        return try program.run(
          shard.input, others: shard.others, shard.images, targets: shard.targets, fresh: fresh,
          observing: { site, bytes, work in try handoff.submit(block: site, bytes: bytes, work) }, until: handoff.wait)
      },
      take: { $0.merge($1) }) ?? fresh()
  }

  private func restored(_ saved: Data) throws -> (Int, AnalysisState?) {
    var state = StateDecoder(saved)
    guard SavedPass.isReadable(saved) else {
      throw EspalierError("the saved state of a pass is of another version", accepted: "one of this version: begin anew")
    }
    _ = try state.integer()
    let next = try state.integer()
    var whole = fresh()
    try whole.decode(from: &state)
    guard 1...max(shards, 1) ~= next, state.isAtEnd else { throw EspalierError("the saved state of a pass is damaged") }
    return (next, whole)
  }
}

/// How far a pass has come: what was learned from the shards before one.
public struct SavedPass: Sendable {
  fileprivate let state: AnalysisState
  fileprivate let next: Int

  /// Earlier forms began with the number of shards, which is none below 0.
  private static let form = -2

  /// Appends what ``AnalysisPass/run(_:from:interval:save:)`` goes on from.
  public func encode(into encoder: inout StateEncoder) {
    encoder.append(SavedPass.form)
    encoder.append(next)
    state.encode(into: &encoder)
  }

  /// The same, as bytes.
  public var bytes: Data {
    var encoder = StateEncoder()
    encode(into: &encoder)
    return encoder.bytes
  }

  /// Whether bytes have the form of this version.
  public static func isReadable(_ bytes: Data) -> Bool {
    var state = StateDecoder(bytes)
    return (try? state.integer()) == form
  }
}
