import Analysis
import Foundation
import Networks
import Scheduling
import Synchronization
import TestSupport
import Tensors
import Testing

@Suite struct AnalysisPassTests {
  /// What accumulators are shown is what the double twin computes: activations, gradients of each image's own loss, relevance.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"], [SiteKind.linear, .activation, .block])
  func sitesShowWhatTheTwinComputes(name: String, kind: SiteKind) throws {
    let graph = try #require(TinyNetworks.all().first { $0.name == name }).graph
    var tiny = PassCase(graph)
    tiny.sites = SiteRequest(kind)
    tiny.phases = [.forward, .gradient, .relevance]
    let pass = try tiny.pass { _, shape in
      Phase.allCases.map { (phase: $0, accumulator: Recorder(shape)) }
    }
    let state = try pass.run(BlockScheduler(width: 2))
    let canonical = try graph.canonized()
    let twin = Twin(canonical)
    let values = twin.forward(["input": tiny.images.map(Double.init)])
    let output = canonical.outputs[0]
    let count = Double(tiny.targets.count)
    let seed = crossEntropy(logits: values[output]!, targets: tiny.targets).gradient.map { $0 * count }
    let gradients = twin.backward(values: values, outputGradients: [output: seed])
    let relevance = TwinRelevance(twin).propagate(["input": tiny.images.map(Double.init)], composite: .epsilonPlus) { _ in
      oneHot(tiny.targets, count: 4)
    }
    #expect(!pass.plan.sites.isEmpty)
    for (site, accumulators) in zip(pass.plan.sites, state.sites) {
      for (phase, accumulator) in zip(accumulators.phases, accumulators.all) {
        let recorder = try #require(accumulator as? Recorder)
        let label = "\(name) \(site.title) \(phase)"
        let expected = values[site.value]!
        func compare(_ seen: [[Float]], _ expected: Tensor<Double>, _ relative: Double) {
          expectClose(seen.flatMap { $0 }, expected.elements, Tolerance(absolute: 1e-6, relative: relative), scaled: true, label)
        }
        compare(recorder.activations, expected, 1e-5)
        switch phase {
        case .forward: break
        case .gradient: compare(recorder.companions, gradients[site.value]!, 1e-5)
        case .relevance: compare(recorder.companions, relevance.relevance[site.value]!, 1e-4)
        }
      }
    }
  }

  /// Sums and moments are those of the recorded numbers.
  @Test func statisticsAreThoseOfAllNumbers() throws {
    var tiny = PassCase(TinyNetworks.residual())
    tiny.phases = [.forward, .gradient, .relevance]
    let settings = StatisticSettings()
    let types = StatisticCatalog.all
    let pass = try tiny.pass { _, shape in
      types.map { (phase: $0.phase, accumulator: $0.init(shape, settings)) }
        + Phase.allCases.map { (phase: $0, accumulator: Recorder(shape)) }
    }
    let state = try pass.run(BlockScheduler(width: 2))
    for (site, accumulators) in zip(pass.plan.sites, state.sites) {
      let results = accumulators.all.flatMap { ($0 as? any Statistic)?.results ?? [] }
      let recorders = accumulators.all.compactMap { $0 as? Recorder }
      let (area, channels) = (site.shape.area, site.shape.channels)
      /// A number a channel from its images' activations and companions.
      func expect(_ name: String, _ phase: Int = 0, _ formula: ([(a: [Double], g: [Double])]) -> Double) throws {
        let recorder = recorders[phase]
        let expected = (0..<channels).map { channel in
          formula(
            recorder.activations.indices.map { image in
              func part(_ list: [[Float]]) -> [Double] {
                list[image][channel * area..<(channel + 1) * area].map(Double.init)
              }
              return (part(recorder.activations), part(recorder.companions))
            })
        }
        let result = try #require(results.first { $0.name == name })
        expectClose(result.values.elements, expected, Tolerance(absolute: 1e-6, relative: 1e-5), "\(site.title) \(name)")
      }
      func sum(_ values: [Double]) -> Double { values.reduce(0, +) }
      func products(_ image: (a: [Double], g: [Double])) -> [Double] { zip(image.a, image.g).map(*) }
      let all = Double(tiny.targets.count * area)
      let images = Double(tiny.targets.count)
      try expect("mean") { sum($0.flatMap(\.a)) / all }
      try expect("variance") {
        let mean = sum($0.flatMap(\.a)) / all
        return sum($0.flatMap(\.a).map { ($0 - mean) * ($0 - mean) }) / all
      }
      try expect("minimum") { $0.flatMap(\.a).min()! }
      try expect("maximum") { $0.flatMap(\.a).max()! }
      try expect("mean-absolute") { sum($0.flatMap(\.a).map(abs)) / all }
      try expect("l1") { sum($0.flatMap(\.a).map(abs)) }
      try expect("l2") { sum($0.flatMap(\.a).map { $0 * $0 }).squareRoot() }
      try expect("apoz") { Double($0.flatMap(\.a).count { $0 == 0 }) / all }
      try expect("near-zeros") { Double($0.flatMap(\.a).count { Float(abs($0)) < 1e-3 }) / all }
      try expect("gradient", 1) { sum($0.flatMap(\.g)) / all }
      try expect("absolute-gradient", 1) { sum($0.flatMap(\.g).map(abs)) / all }
      try expect("taylor-2017", 1) { sum($0.map { abs(sum(products($0)) / Double(area)) }) / images }
      try expect("taylor-2019", 1) { sum($0.map { sum(products($0)) * sum(products($0)) }) / images }
      try expect("taylor-signed", 1) { sum($0.map { sum(products($0)) }) / images }
      try expect("taylor-absolute", 1) { sum($0.map { sum(products($0).map(abs)) }) / images }
      try expect("fisher", 1) { sum($0.map { sum(products($0)) * sum(products($0)) }) }
      try expect("relevance", 2) { sum($0.flatMap(\.g)) }
      try expect("relevance-pixel", 2) { sum($0.flatMap(\.g).map(abs)) }
      try expect("relevance-sample", 2) { sum($0.map { abs(sum($0.g)) }) }
      try expect("relevance-final", 2) { abs(sum($0.flatMap(\.g))) }
      try expect("relevance-positive", 2) { sum($0.map { max(sum($0.g), 0) }) }
      // A vote of each image for the half of the channels with the greatest means.
      var votes = [Double](repeating: 0, count: channels)
      for image in recorders[0].activations {
        let means = (0..<channels).map { sum(image[$0 * area..<($0 + 1) * area].map(Double.init)) / Double(area) }
        let order = (0..<channels).sorted { means[$0] > means[$1] }
        for channel in order.prefix((channels + 1) / 2) { votes[channel] += 1 }
      }
      #expect(results.first { $0.name == "neuron-votes" }?.values.elements == votes)
      #expect(results.first { $0.name == "neuron-vote-share" }?.values.elements == votes.map { $0 / images })
    }
  }

  /// The same bits for every width, whether blocks move to idle workers or not, and when cut at any shard.
  @Test func widthAndInterruptionsChangeNothing() throws {
    var tiny = PassCase(TinyNetworks.inception(), count: 11)
    tiny.batch = 2
    let settings = StatisticSettings()
    let types = StatisticCatalog.all.filter { $0.phase == .forward }
    func pass(keepsMaps: Bool = false) throws -> AnalysisPass {
      try tiny.pass(keepsMaps: keepsMaps) { _, shape in types.map { (phase: $0.phase, accumulator: $0.init(shape, settings)) } }
    }
    func bits(_ state: AnalysisState) -> Data {
      var encoder = StateEncoder()
      state.encode(into: &encoder)
      return encoder.bytes
    }
    let expected = bits(try pass().run(BlockScheduler(width: 1)))
    for width in [2, 3, 8] {
      #expect(bits(try pass().run(BlockScheduler(width: width))) == expected, "\(width) workers")
      #expect(bits(try pass(keepsMaps: true).run(BlockScheduler(width: width))) == expected, "\(width) workers, moving blocks")
    }
    for cut in 1...5 {
      let cancellation = Cancellation()
      let whole = try pass()
      let counting = AnalysisPass(
        whole.plan, shards: whole.shards,
        read: { shard in
          if shard == cut { cancellation.cancel() }
          return try whole.read(shard)
        }, fresh: whole.fresh)
      let saved = Mutex<Data?>(nil)
      #expect(throws: CancellationError.self) {
        _ = try counting.run(BlockScheduler(width: 1, cancellation: cancellation)) { state in saved.withLock { $0 = state.bytes }
        }
      }
      let state = try whole.run(BlockScheduler(width: 2), from: saved.withLock { $0 })
      #expect(bits(state) == expected, "cut in shard \(cut)")
      let damaged = try #require(saved.withLock { $0 }).dropLast(3)
      #expect(throws: EspalierError.self) { try whole.run(BlockScheduler(width: 1), from: Data(damaged)) }
    }
  }

  /// The same over many more shards than workers, in all phases, saved again and again and cut on several workers.
  @Test func manyShardsChangeNothing() throws {
    var tiny = PassCase(TinyNetworks.residual(), count: 90)
    tiny.batch = 1
    tiny.phases = [.forward, .gradient, .relevance]
    var settings = StatisticSettings()
    (settings.resolution, settings.thinning) = (32, 2)
    let chosen = settings
    let pass = try tiny.pass { _, shape in
      StatisticCatalog.all.map { (phase: $0.phase, accumulator: $0.init(shape, chosen)) }
        + [(phase: .forward, accumulator: ThresholdAccumulator(shape, share: 0.05, images: 90))]
    }
    #expect(pass.shards == 90)
    func bits(_ state: AnalysisState) -> Data {
      var encoder = StateEncoder()
      for accumulator in state.sites.flatMap(\.all) {
        // What else it holds depends on when it was compacted.
        if let found = accumulator as? ThresholdAccumulator {
          encoder.append(found.thresholds)
        } else {
          accumulator.encode(into: &encoder)
        }
      }
      return encoder.bytes
    }
    let expected = bits(try pass.run(BlockScheduler(width: 1)))
    for width in [2, 3, 8] { #expect(bits(try pass.run(BlockScheduler(width: width))) == expected, "\(width) workers") }
    for cut in [1, 2, 31, 64, 89] {
      let cancellation = Cancellation()
      let counting = AnalysisPass(
        pass.plan, shards: pass.shards,
        read: { shard in
          if shard == cut { cancellation.cancel() }
          return try pass.read(shard)
        }, fresh: pass.fresh)
      let saved = Mutex<Data?>(nil)
      #expect(throws: CancellationError.self) {
        _ = try counting.run(BlockScheduler(width: 3, cancellation: cancellation), interval: .milliseconds(1)) { state in
          // Piece by piece, as into a file.
          let pieces = Mutex(Data())
          var encoder = StateEncoder { piece in pieces.withLock { $0 += piece } }
          state.encode(into: &encoder)
          try encoder.finish()
          saved.withLock { $0 = pieces.withLock { $0 } }
        }
      }
      let state = try pass.run(BlockScheduler(width: 8), from: saved.withLock { $0 })
      #expect(bits(state) == expected, "cut in shard \(cut)")
    }
  }

  /// What a version before this one saved is refused in a line.
  @Test func statesOfAnotherVersionAreRefused() throws {
    var tiny = PassCase(TinyNetworks.vgg(), count: 4)
    tiny.batch = 2
    let pass = try tiny.pass { _, shape in [(phase: .forward, accumulator: MomentsStatistic(shape, StatisticSettings()))] }
    var old = StateEncoder()
    for number in [1, 1, 0, 0] { old.append(number) }
    pass.fresh().encode(into: &old)
    let bytes = old.bytes
    #expect(!PartialPass.isReadable(bytes))
    let error = #expect(throws: EspalierError.self) { try pass.run(BlockScheduler(width: 1), from: bytes) }
    #expect("\(error!)".contains("another version"))
  }

  @Test func aPatternThatMatchesNothingIsRefused() {
    var tiny = PassCase(TinyNetworks.vgg())
    tiny.sites = SiteRequest(.linear, matching: ["conv*", "nothing"])
    let error = #expect(throws: EspalierError.self) { try tiny.plan() }
    #expect("\(error!)".contains("'nothing'") && "\(error!)".contains("conv1"))
  }
}
