import Analysis
import Networks
import Scheduling
import TestSupport
import Tensors
import Testing

@Suite struct ContributionTests {
  /// The contributions of a sample add up to an output of the layer without its bias, whatever stride, padding and layout.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"], [1, 2, 3] as [UInt64])
  func aSampleIsAnOutput(name: String, seed: UInt64) throws {
    let graph = try #require(TinyNetworks.all().first { $0.name == name }).graph
    var inputs = PassCase(graph, count: 1)
    inputs.sites = SiteRequest(.input)
    var outputs = inputs
    outputs.sites = SiteRequest(.linear)
    let plan = try inputs.plan()
    let readers = plan.sites.map(\.reader)
    let found = try inputs.pass { position, shape in
      readers[position].map { [(.forward, ContributionAccumulator($0, positions: 1, seed: seed))] } ?? []
    }.run(BlockScheduler(width: 1))
    let recorded = try outputs.pass { _, shape in [(.forward, Recorder(shape))] }.run(BlockScheduler(width: 1))
    let biases = try plan.sites.map { try bias($0, graph.canonized()) }
    #expect(readers.contains { $0 != nil })
    for (position, reader) in readers.enumerated() {
      guard let reader, let accumulator = found.sites[position].all.first as? ContributionAccumulator,
        let recorder = recorded.sites[position].all[0] as? Recorder
      else { continue }
      let gram = accumulator.gram
      #expect(accumulator.sampleCount == 1 && gram.shape == [reader.channels, reader.channels])
      // One sample: the sum of all products is the square of the sum.
      let total = gram.elements.reduce(0, +)
      let map = recorder.activations[0]
      let area = map.count / reader.filters
      let candidates = map.indices.map { index -> Double in
        let value = Double(map[index]) - (biases[position].isEmpty ? 0 : biases[position][index / area])
        return value * value
      }
      let nearest = candidates.map { abs($0 - total) }.min() ?? .infinity
      #expect(nearest <= 1e-5 * max(1, total), "\(plan.sites[position].title): \(total)")
      for i in 0..<reader.channels {
        for j in 0..<reader.channels {
          let (product, squares) = (gram[i, j] * gram[i, j], gram[i, i] * gram[j, j])
          #expect(abs(product - squares) <= 1e-5 * max(squares, 1e-12))
        }
      }
    }
  }

  private func bias(_ site: Site, _ network: Graph) throws -> [Double] {
    let node = try #require(network.nodes.first { $0.id == site.layer.node.id })
    guard node.inputs.count > 2, let name = node.inputs[2] else { return [] }
    return try #require(network.constants[name]?.floats).elements.map(Double.init)
  }

  /// Shards, workers and an interruption change no bit.
  @Test func bitsDoNotDependOnWorkers() throws {
    var tiny = PassCase(TinyNetworks.residual(), count: 30)
    tiny.sites = SiteRequest(.input)
    tiny.batch = 2
    let readers = try tiny.plan().sites.map(\.reader)
    let pass = try tiny.pass { position, _ in readers[position].map { [(.forward, ContributionAccumulator($0))] } ?? [] }
    let states = try [1, 2, 3, 8].map { width -> [UInt8] in
      var encoder = StateEncoder()
      try pass.run(BlockScheduler(width: width)).encode(into: &encoder)
      return [UInt8](encoder.bytes)
    }
    #expect(states.allSatisfy { $0 == states[0] && !$0.isEmpty })
    let learned = try #require(try pass.run(BlockScheduler(width: 2)).sites.first { !$0.all.isEmpty }?.all[0])
    let whole = try #require(learned as? ContributionAccumulator)
    #expect(whole.sampleCount == 300)
    var encoder = StateEncoder()
    whole.encode(into: &encoder)
    var restored = ContributionAccumulator(try #require(readers.compactMap { $0 }.first))
    var decoder = StateDecoder(encoder.bytes)
    try restored.decode(from: &decoder)
    #expect(decoder.isAtEnd && restored.gram == whole.gram)
  }
}
