import Engine
import Foundation
import Scheduling
import Tensors

/// One shard of pictures, ready to be analysed.
public struct AnalysisShard: Sendable {
  /// The network's input, `[n, C, H, W]`.
  public var input: Tensor<Float>
  /// What is known of the pictures.
  public var pictures: ShardPictures
  /// One class a picture; nil for the predicted one.
  public var targets: [Int?]

  /// Makes a shard.
  public init(input: Tensor<Float>, pictures: ShardPictures, targets: [Int?]) {
    self.input = input
    self.pictures = pictures
    self.targets = targets
  }
}

/// A pass over pictures that shows every site of a plan to accumulators, on all workers at once.
///
/// What was learned from each shard is merged by the fixed tree: the answer has the same bits for any number of workers, and for a
/// pass that was interrupted and went on.
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
    save: @escaping @Sendable (Data) throws -> Void = { _ in }
  ) throws -> AnalysisState {
    var (first, start) = (0, FixedTree.Partial<AnalysisState>())
    if let saved { (first, start) = try restored(saved) }
    var scheduler = scheduler
    scheduler.prologue = useOneThreadHere
    let tree = try scheduler.reduce(
      shards: first..<shards, blocks: plan.sites.map(\.title), blocksMayMove: plan.keepsMaps,
      bytesPerWorker: plan.plan.arenaByteCount + plan.plan.scratchByteCount, from: start,
      checkpoint: PassCheckpoint(interval: interval) { try save(encoded($1, $0)) },
      makeWorker: { _ in try AnalysisProgram(plan) },
      body: { program, index, handoff in
        let shard = try read(index)
        let state = try program.run(
          shard.input, shard.pictures, targets: shard.targets, fresh: fresh,
          observing: { site, bytes, work in try handoff.submit(block: site, bytes: bytes, work) }, until: handoff.wait)
        return state
      },
      combine: { $0.merged(with: $1) })
    return tree.result { $0.merged(with: $1) } ?? fresh()
  }

  private func encoded(_ next: Int, _ tree: FixedTree.Partial<AnalysisState>) -> Data {
    var state = StateEncoder()
    state.append(next)
    state.append(tree.pending.count)
    for (node, value) in tree.pending.sorted(by: { $0.key.shards.lowerBound < $1.key.shards.lowerBound }) {
      state.append(node.level)
      state.append(node.index)
      value.encode(into: &state)
    }
    return state.bytes
  }

  private func restored(_ saved: Data) throws -> (Int, FixedTree.Partial<AnalysisState>) {
    var state = StateDecoder(saved)
    let next = try state.integer()
    let count = try state.integer()
    var tree = FixedTree.Partial<AnalysisState>()
    var end = 0
    for _ in 0..<max(count, 0) {
      let (level, index) = (try state.integer(), try state.integer())
      guard 0..<48 ~= level, index >= 0, index << level == end else {
        throw EspalierError("the saved state of a pass is damaged")
      }
      end += 1 << level
      var value = fresh()
      try value.decode(from: &state)
      tree.insert(value, level: level, index: index) { $0.merged(with: $1) }
    }
    guard end == next, next <= shards, state.isAtEnd else { throw EspalierError("the saved state of a pass is damaged") }
    return (next, tree)
  }
}
