import Analysis
import Datasets
import Engine
import Foundation
import Networks
import Scheduling
import Tensors

/// Passes over images in memory, as `stats`, `dissect` and `score` make them, without reading and writing files.
///
/// Images are seeded: a coarse pattern with noise over it; shard i shows them in another order, brightness and sign. Each shows
/// five concepts of twenty in three categories, as ellipses at 112 × 112.
struct AnalysisBench {
  /// What one run computes.
  enum Work: String, CaseIterable {
    /// The forward pass alone.
    case plain
    /// Dissection with given thresholds, votes, the default statistics and Gram matrices.
    case observe
    /// The same, and what is read from it at the end: what does not grow with the number of images.
    case report
    /// The same, with exact thresholds by a first pass.
    case exact
    /// Forward, gradient and relevance, without observers.
    case phases
    /// Every criterion, with given thresholds.
    case score
    /// Forward and gradient, without observers.
    case gradient
    /// Forward and relevance, without observers.
    case relevance
  }

  private let work: Work
  private let batch: Int
  private let shards: Int
  private let scheduler: BlockScheduler
  private let plan: AnalysisPlan
  /// Of a forward pass alone: compiled once, as the other plans are.
  private let forwardPlan: Plan?
  private let thresholdPlan: AnalysisPlan?
  private let inputName: String
  private let images: [Tensor<Float>]
  private let masks: [ConceptMasks]
  private var thresholds: [[Float]] = []

  private static let vocabulary = ConceptVocabulary(
    categories: ["object", "part", "colour"], concepts: (0..<20).map { Concept(name: "concept \($0)", category: $0 % 3) })
  private static let only = ProcessInfo.processInfo.environment["ESPALIER_BENCH_ONLY"]?.split(separator: ",").map(String.init)

  init(_ work: Work, _ graph: Graph, batch: Int, workers: Int, images count: Int) throws {
    self.work = work
    self.batch = batch
    shards = max(1, count / batch)
    scheduler = BlockScheduler(width: workers, prologue: useOneThreadHere)
    let phases: Set<Phase> =
      switch work {
      case .plain, .observe, .report, .exact: [.forward]
      case .phases, .score: [.forward, .gradient, .relevance]
      case .gradient: [.forward, .gradient]
      case .relevance: [.forward, .relevance]
      }
    plan = try AnalysisPlan(
      graph,
      AnalysisRequest(
        sites: SiteRequest(.block), phases: phases,
        composite: phases.contains(.relevance) ? try CompositeCatalog.composite("epsilon_plus") : nil, batch: batch))
    // Kept where it is run again: it holds weights of its own.
    let thresholdPlan =
      [.observe, .report, .exact, .score].contains(work)
      ? try AnalysisPlan(graph, AnalysisRequest(sites: SiteRequest(.block), batch: batch)) : nil
    self.thresholdPlan = work == .exact ? thresholdPlan : nil
    let builder = try work == .plain ? PlanBuilder(graph.canonized(), batch: batch) : nil
    try builder?.forward()
    forwardPlan = builder?.finish()
    inputName = graph.inputs[0].name
    images = (0..<2).map { AnalysisBench.images(batch, seed: UInt64($0)) }
    masks = (0..<64).map(AnalysisBench.masks)
    if [.observe, .report, .score].contains(work) {
      thresholds = try findThresholds(thresholdPlan!, shards: min(shards, 4))
    }
  }

  /// The number of images of a run.
  var count: Int { shards * batch }

  /// Makes one run.
  func run() throws {
    switch work {
    case .plain: try forward()
    case .observe: _ = try pass(plan, thresholds)
    case .report:
      for accumulator in try pass(plan, thresholds).sites.flatMap(\.all) {
        _ = (accumulator as? any Statistic)?.results
        _ = (accumulator as? DissectionAccumulator)?.result
      }
    case .exact: _ = try pass(plan, findThresholds(thresholdPlan!, shards: shards))
    case .phases, .gradient, .relevance: _ = try pass(plan, accumulators: { _, _ in [] })
    case .score: _ = try pass(plan, thresholds)
    }
  }

  private func forward() throws {
    let plan = forwardPlan!
    _ = try scheduler.map(shards: 0..<shards, makeWorker: { _ in try Program(plan) }) { program, index in
      try program.setInput(inputName, to: shard(index).input)
      try program.run()
    }
  }

  private func pass(_ plan: AnalysisPlan, _ thresholds: [[Float]]) throws -> AnalysisState {
    let settings = StatisticSettings()
    let dissection = DissectionSettings(vocabulary: AnalysisBench.vocabulary)
    var statistics: [any Statistic.Type] = StatisticCatalog.standard + [GramStatistic.self]
    if work == .score {
      statistics = StatisticCatalog.all.filter { statistic in
        ScoreCatalog.statistics.contains { $0.statistic == statistic }
      }
    }
    if let only = AnalysisBench.only { statistics = statistics.filter { only.contains($0.name) } }
    let dissects = AnalysisBench.only?.contains("dissection") ?? true
    let chosen = statistics
    return try pass(plan) { position, shape in
      chosen.map { (phase: $0.phase, accumulator: $0.init(shape, settings)) }
        + (dissects
          ? [(phase: .forward, accumulator: DissectionAccumulator(shape, thresholds: thresholds[position], dissection))] : [])
    }
  }

  private func findThresholds(_ plan: AnalysisPlan, shards: Int) throws -> [[Float]] {
    let floors = plan.sites.map { ThresholdAccumulator.Floors(channels: $0.shape.channels) }
    let count = shards * batch
    let state = try pass(plan, shards: shards) { position, shape in
      [(.forward, ThresholdAccumulator(shape, share: 0.005, images: count, floors: floors[position]))]
    }
    return state.sites.map { ($0.all[0] as? ThresholdAccumulator)?.thresholds ?? [] }
  }

  private func pass(
    _ plan: AnalysisPlan, shards: Int? = nil,
    accumulators: @escaping @Sendable (Int, SiteShape) -> [(phase: Phase, accumulator: any Accumulator)]
  ) throws -> AnalysisState {
    let shapes = plan.sites.map(\.shape)
    return try AnalysisPass(
      plan, shards: shards ?? self.shards, read: { shard($0) },
      fresh: { AnalysisState(shapes.enumerated().map { SiteAccumulators(accumulators($0, $1)) }) }
    ).run(scheduler)
  }

  private func shard(_ index: Int) -> AnalysisShard {
    let source = images[index % images.count].elements
    let size = source.count / batch
    let gain = Float(1 + 0.07 * Double(index % 11)) * (index % 4 < 2 ? 1 : -1)
    let first = index * 5 % batch * size
    let input = [Float](unsafeUninitializedCapacity: source.count) { buffer, initialized in
      for position in 0..<source.count {
        buffer[position] = gain * source[position + first < source.count ? position + first : position + first - source.count]
      }
      initialized = source.count
    }
    let rows = index * batch..<(index + 1) * batch
    return AnalysisShard(
      input: Tensor(input, shape: images[0].shape),
      images: ShardImages(
        indices: Array(rows), labels: rows.map { [$0 % 1000] }, concepts: rows.map { masks[$0 % masks.count] }),
      targets: rows.map { .index($0 % 1000) })
  }

  private static func images(_ count: Int, seed: UInt64) -> Tensor<Float> {
    let (side, coarse) = (224, 15)
    var random = Philox(seed: seed, stream: 77)
    var elements: [Float] = []
    elements.reserveCapacity(count * 3 * side * side)
    for _ in 0..<count * 3 {
      let pattern = (0..<coarse * coarse).map { _ in Float(random.uniform() * 4 - 2) }
      for row in 0..<side {
        for column in 0..<side {
          let (y, x) = (row / 16, column / 16)
          let (v, u) = (Float(row % 16) / 16, Float(column % 16) / 16)
          let top = pattern[y * coarse + x] * (1 - u) + pattern[y * coarse + x + 1] * u
          let bottom = pattern[(y + 1) * coarse + x] * (1 - u) + pattern[(y + 1) * coarse + x + 1] * u
          elements.append(top * (1 - v) + bottom * v + Float(random.uniform() - 0.5) * 0.6)
        }
      }
    }
    return Tensor(elements, shape: [count, 3, side, side])
  }

  private static func masks(_ image: Int) -> ConceptMasks {
    let side = 112
    var random = Philox(seed: 5, stream: UInt64(image))
    let entries = (0..<5).map { position in
      let (y, x) = (random.uniform() * Double(side), random.uniform() * Double(side))
      let (h, w) = (8 + random.uniform() * 30, 8 + random.uniform() * 30)
      var mask = BitMask(height: side, width: side)
      for row in 0..<side {
        for column in 0..<side {
          let (v, u) = ((Double(row) - y) / h, (Double(column) - x) / w)
          mask[row, column] = v * v + u * u < 1
        }
      }
      return ConceptMasks.Entry(concept: (image * 3 + position * 7) % 20, mask: mask)
    }
    return ConceptMasks(height: side, width: side, entries: entries.filter { $0.mask.count > 0 }, vocabulary: vocabulary)
  }
}

/// The greatest memory that this process has held, in bytes.
func peakMemory() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}

/// The processor time of this process.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
