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

  /// Shows the maps of a shard to all that look at this moment.
  ///
  /// - Throws: `EspalierError` naming the first picture with a number that is NaN or infinite.
  mutating func observe(_ maps: [FeatureMap], _ phase: Phase, of pictures: ShardPictures) throws {
    let places = phases.indices.filter { phases[$0] == phase }
    try TileCutter.forEachTile(of: maps[0], with: maps.count > 1 ? maps[1] : nil) { tile in
      if let fault = tile.fault {
        let what = fault.isCompanion ? phase.companion : "activation"
        throw EspalierError(
          "the \(what) of filter \(tile.channel + fault.lane) is \(fault.value)", place: "picture \(pictures.indices[tile.row])")
      }
      for place in places { all[place].observe(tile, of: pictures) }
    }
    for place in places { all[place].endShard(pictures) }
  }

  mutating func merge(_ later: SiteAccumulators) {
    for place in all.indices { all[place].mergeAny(later.all[place]) }
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
    for place in sites.indices { sites[place].merge(later.sites[place]) }
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
      for place in sites[site].all.indices { try sites[site].all[place].decode(from: &state) }
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
    program = try Program(plan.plan)
  }

  /// Runs a shard and shows it to accumulators.
  ///
  /// - Parameters:
  ///   - input: `[n, C, H, W]`, n from 1 to the plan's batch.
  ///   - others: what the network's other inputs take, by their names.
  ///   - pictures: what is known of them.
  ///   - targets: what is explained of each picture. Not read in a plan of the forward phase alone.
  ///   - fresh: makes the empty accumulators of the shard.
  ///   - observing: does the work on a site's maps, given its place and the maps' bytes: at once, or before `until` returns.
  ///   - until: waits for that work.
  /// - Returns: what was learned from this shard.
  /// - Throws: `EspalierError` naming a target that is no class.
  public func run(
    _ input: Tensor<Float>, others: [String: Tensor<Float>] = [:], _ pictures: ShardPictures, targets: [OutputTarget],
    fresh: () -> AnalysisState,
    observing: (_ site: Int, _ bytes: Int, _ work: @escaping @Sendable () throws -> Void) throws -> Void = { try $2() },
    until: () throws -> Void = {}
  ) throws -> AnalysisState {
    let count = input.shape[0]
    precondition(pictures.count == count && targets.count == count, "\(pictures.count) descriptions of \(count) pictures")
    try plan.targets?.write(targets, of: plan.classes, to: program)
    try program.setInputs(plan.input, to: input, others: others)
    let sites = fresh().sites.map(SiteBox.init)
    try withoutActuallyEscaping(observing) { observing in
      for (phase, taps) in plan.taps {
        for (place, tap) in taps where sites[place].accumulators.phases.contains(phase) {
          let site = sites[place]
          program.observers[tap] = { maps in
            nonisolated(unsafe) let maps = maps
            try observing(place, maps[0].layout.floatCount * 4) {
              try site.accumulators.observe(maps, phase, of: pictures)
            }
          }
        }
      }
      defer { program.observers = [:] }
      try program.run()
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
