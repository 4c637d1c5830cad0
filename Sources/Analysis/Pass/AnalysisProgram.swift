import Engine
import Tensors

/// The accumulators of one site, by the moment at which they look.
public struct SiteAccumulators: Sendable {
  /// The accumulators, in the order in which they were made.
  public var all: [any Accumulator]
  /// The moment of each.
  public let phases: [Phase]

  /// Groups accumulators.
  public init(_ accumulators: [(phase: Phase, accumulator: any Accumulator)]) {
    all = accumulators.map(\.accumulator)
    phases = accumulators.map(\.phase)
  }

  /// Shows the maps of a shard to all that observe this moment.
  ///
  /// - Throws: `EspalierError` naming the first image with a number that is NaN or infinite.
  mutating func observe(_ maps: [FeatureMap], _ phase: Phase, of images: ShardImages) throws {
    let positions = phases.indices.filter { phases[$0] == phase }
    try TileCutter.forEachTile(of: maps[0], with: maps.count > 1 ? maps[1] : nil) { tile in
      if let fault = tile.fault {
        let what = fault.isCompanion ? phase.companion : "activation"
        throw EspalierError(
          "the \(what) of filter \(tile.channel + fault.lane) is \(fault.value)", location: "image \(images.indices[tile.row])")
      }
      for position in positions { all[position].observe(tile, of: images) }
    }
    for position in positions { all[position].endShard(images) }
  }

  mutating func merge(_ later: SiteAccumulators) {
    for position in all.indices { all[position].mergeAny(later.all[position]) }
  }
}

/// What a pass has learned at every site.
public struct AnalysisState: Sendable {
  /// The accumulators of each site, in the plan's order.
  public var sites: [SiteAccumulators]

  /// Makes a state.
  public init(_ sites: [SiteAccumulators]) { self.sites = sites }

  /// Takes in what was learned from later shards.
  public mutating func merge(_ later: AnalysisState) {
    for position in sites.indices { sites[position].merge(later.sites[position]) }
  }

  /// Appends all accumulators' states.
  public func encode(into state: inout StateEncoder) {
    for site in sites { for accumulator in site.all { accumulator.encode(into: &state) } }
  }

  /// Takes over an encoded state into fresh accumulators.
  ///
  /// - Throws: `EspalierError` if it does not fit.
  public mutating func decode(from state: inout StateDecoder) throws {
    for site in sites.indices {
      for position in sites[site].all.indices { try sites[site].all[position].decode(from: &state) }
    }
  }
}

/// An analysis plan with buffers of its own: what one worker runs.
public final class AnalysisProgram {
  /// The plan.
  public let plan: AnalysisPlan
  private let program: Program

  /// Allocates the buffers.
  ///
  /// - Throws: `EspalierError` if the engine refuses.
  public init(_ plan: AnalysisPlan) throws {
    self.plan = plan
    program = try Program(plan.pass.plan)
  }

  /// Runs a shard and shows it to accumulators.
  ///
  /// - Parameters:
  ///   - input: `[n, C, H, W]`, n from 1 to the plan's batch.
  ///   - others: what the network's other inputs take, by their names.
  ///   - images: what is known of them.
  ///   - targets: what is explained of each image. Not read in a plan of the forward phase alone.
  ///   - fresh: makes the empty accumulators of the shard.
  ///   - observing: does the work on a site's maps, given its position and the maps' bytes: at once, or before `until` returns.
  ///   - until: waits for that work.
  /// - Returns: what was learned from this shard.
  /// - Throws: `EspalierError` naming a target that is no class.
  public func run(
    _ input: Tensor<Float>, others: [String: Tensor<Float>] = [:], _ images: ShardImages, targets: [OutputTarget],
    fresh: () -> AnalysisState,
    observing: (_ site: Int, _ bytes: Int, _ work: @escaping @Sendable () throws -> Void) throws -> Void = { try $2() },
    until: () throws -> Void = {}
  ) throws -> AnalysisState {
    let count = input.shape[0]
    precondition(images.count == count && targets.count == count, "\(images.count) descriptions of \(count) images")
    let sites = fresh().sites.map(SiteBox.init)
    try withoutActuallyEscaping(observing) { observing in
      for (phase, taps) in plan.taps {
        for (position, tap) in taps where sites[position].accumulators.phases.contains(phase) {
          let site = sites[position]
          program.observers[tap] = { maps in
            nonisolated(unsafe) let maps = maps
            try observing(position, maps[0].layout.floatCount * 4) {
              try site.accumulators.observe(maps, phase, of: images)
            }
          }
        }
      }
      defer { program.observers = [:] }
      try plan.pass.run(program, input, others: others, targets: targets, of: plan.classes)
      try until()
    }
    return AnalysisState(sites.map(\.accumulators))
  }
}

extension Phase {
  /// What the companion is.
  fileprivate var companion: String { self == .relevance ? "relevance" : "gradient" }
}

/// A site's accumulators while its shard runs: works on one site never run at once.
private final class SiteBox: @unchecked Sendable {
  var accumulators: SiteAccumulators

  init(_ accumulators: SiteAccumulators) { self.accumulators = accumulators }
}
