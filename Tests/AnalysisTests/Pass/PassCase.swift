import Analysis
import Datasets
import Foundation
import Networks
import Scheduling
import TestSupport
import Tensors

/// A pass over random images, with whatever accumulators a test wants.
struct PassCase: Sendable {
  let graph: Graph
  let images: Tensor<Float>
  var targets: [Int]
  var masks: [ConceptMasks] = []
  var batch = 3
  var sites = SiteRequest(.activation)
  var phases: Set<Phase> = [.forward]

  init(_ graph: Graph, count: Int = 7) {
    self.graph = graph
    images = TinyNetworks.images(count)
    targets = (0..<count).map { $0 % 4 }
  }

  func plan(keepsMaps: Bool = false) throws -> AnalysisPlan {
    try AnalysisPlan(
      graph,
      AnalysisRequest(
        sites: sites, phases: phases,
        composite: phases.contains(.relevance) ? try CompositeCatalog.composite("epsilon_plus") : nil, batch: batch,
        keepsMaps: keepsMaps))
  }

  func pass(
    keepsMaps: Bool = false, _ make: @escaping @Sendable (Int, SiteShape) -> [(phase: Phase, accumulator: any Accumulator)]
  ) throws -> AnalysisPass {
    let plan = try plan(keepsMaps: keepsMaps)
    let shapes = plan.sites.map(\.shape)
    let count = targets.count
    return AnalysisPass(
      plan, shards: (count + batch - 1) / batch,
      read: { shard in
        let rows = shard * batch..<min((shard + 1) * batch, count)
        return AnalysisShard(
          input: images.rows(rows),
          images: ShardImages(
            indices: Array(rows), labels: rows.map { [targets[$0]] }, concepts: masks.isEmpty ? [] : Array(masks[rows])),
          targets: rows.map { .index(targets[$0]) })
      }, fresh: { AnalysisState(shapes.enumerated().map { SiteAccumulators(make($0.offset, $0.element)) }) })
  }
}

/// What was shown to it, whole: an accumulator to check the others with.
struct Recorder: Accumulator {
  /// Image by image, `[channels, H, W]`.
  private(set) var activations: [[Float]] = []
  private(set) var companions: [[Float]] = []
  private let site: SiteShape

  init(_ site: SiteShape) { self.site = site }

  mutating func observe(_ tile: Tile, of images: ShardImages) {
    if tile.channel == 0 {
      activations.append([Float](repeating: .nan, count: site.channels * site.area))
      companions.append(activations.last!)
    }
    for lane in 0..<tile.lanes {
      for position in 0..<tile.area {
        activations[activations.count - 1][(tile.channel + lane) * site.area + position] = tile.values(position)[lane]
        if tile.companion != nil {
          companions[companions.count - 1][(tile.channel + lane) * site.area + position] = tile.companions(position)[lane]
        }
      }
    }
  }

  mutating func merge(_ later: Recorder) {
    activations += later.activations
    companions += later.companions
  }

  func encode(into state: inout StateEncoder) {
    for list in [activations, companions] {
      state.append(list.count)
      for values in list { state.append(values) }
    }
  }

  mutating func decode(from state: inout StateDecoder) throws {
    activations = try (0..<state.integer()).map { _ in try state.array(of: Float.self) }
    companions = try (0..<state.integer()).map { _ in try state.array(of: Float.self) }
  }
}
