import Analysis
import Datasets
import Engine
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct MeasureTests {
  private func mapMeasure(_ text: String) throws -> any MapMeasure {
    try #require(try MeasureCatalog.measure(text) as? any MapMeasure)
  }

  private func mask(_ height: Int, _ width: Int, _ bits: [Int]) -> BitMask {
    var mask = BitMask(height: height, width: width)
    for (position, bit) in bits.enumerated() where bit != 0 { mask[position / width, position % width] = true }
    return mask
  }

  private func map(_ tensor: Tensor<Double>) -> RelevanceMap {
    RelevanceMap(height: tensor.shape[0], width: tensor.shape[1], values: tensor.elements)
  }

  @Test func measuresOfMapsAgreeWithNumPy() throws {
    let peers = try PeerAttributions.read()
    #expect(peers.measures.count == 4)
    for (number, sample) in peers.measures.enumerated() {
      let map = map(sample.map.tensor)
      let mask = mask(map.height, map.width, sample.mask)
      #expect(sample.values.count >= 8)
      for (text, expected) in sample.values {
        let value = try #require(try mapMeasure(text).value(of: map, mask: mask))
        #expect(abs(value - expected) < 1e-9, "\(text) of case \(number): \(value) instead of \(expected)")
      }
      let randomisation = try #require(try MeasureCatalog.measure("randomisation") as? any NetworkMeasure)
      let similarity = try #require(randomisation.similarity(map, self.map(sample.other.tensor)))
      #expect(abs(similarity - sample.similarity) < 1e-9, "randomisation of case \(number)")
    }
  }

  /// Equal values, by hand.
  @Test func tiesAreShared() throws {
    let flat = RelevanceMap(height: 2, width: 4, values: [Double](repeating: 1, count: 8))
    let half = mask(2, 4, [1, 1, 0, 0, 0, 0, 0, 0])
    #expect(try mapMeasure("pointing-game").value(of: flat, mask: half) == 0.25)
    #expect(try mapMeasure("rank-accuracy").value(of: flat, mask: half) == 0.25)
    #expect(try mapMeasure("mass-accuracy").value(of: flat, mask: half) == 0.25)
    #expect(abs(try #require(try mapMeasure("sparseness").value(of: flat, mask: nil))) < 1e-12)
    let one = RelevanceMap(height: 2, width: 4, values: [0, 0, -5, 0, 0, 0, 0, 0])
    #expect(abs(try #require(try mapMeasure("sparseness").value(of: one, mask: nil)) - 7.0 / 8) < 1e-12)
    #expect(try mapMeasure("mass-accuracy").value(of: one, mask: half) == nil)
    #expect(try mapMeasure("mass-accuracy:sign=absolute").value(of: one, mask: half) == 0)
    // The greatest is shared by the two positions that are 3: one of them in the object.
    let pair = RelevanceMap(height: 2, width: 4, values: [3, 1, 0, 3, 0, 0, 0, 0])
    #expect(try mapMeasure("pointing-game").value(of: pair, mask: half) == 0.5)
    #expect(try mapMeasure("rank-accuracy").value(of: pair, mask: half) == 0.5)
    // Three pixels away on the other row: √2 from the object's edge.
    let far = RelevanceMap(height: 2, width: 4, values: [0, 0, 0, 0, 0, 0, 1, 0])
    #expect(try mapMeasure("pointing-game:tolerance=1.4").value(of: far, mask: half) == 0)
    #expect(try mapMeasure("pointing-game:tolerance=1.42").value(of: far, mask: half) == 1)
    let broken = RelevanceMap(height: 2, width: 4, values: [.nan, .infinity, 0, 0, 0, 0, 0, 0])
    for measure in ["pointing-game", "rank-accuracy", "mass-accuracy", "sparseness"] {
      _ = try mapMeasure(measure).value(of: broken, mask: half)
    }
  }

  @Test(arguments: [2, 5]) func pixelFlippingAgreesWithPyTorch(batch: Int) throws {
    useOneThreadHere()
    let peers = try PeerAttributions.read()
    let golden = try GoldenVGG.read()
    let maps = RelevanceMap.maps(of: golden.gradient.tensor.map(Float.init))
    let program = try OutputProgram(OutputPlan(golden.graph(), batch: batch))
    let shard = AttributionShard(images: golden.x.tensor.map(Float.init), targets: golden.target, indices: [0, 1])
    #expect(peers.flipping.count == 2)
    for (text, expected) in peers.flipping {
      let measure = try #require(try MeasureCatalog.measure(text) as? any OutputMeasure)
      let curves = try measure.curves(shard, maps: maps, targets: golden.target.map { OutputTarget($0) }, program)
      let points = expected.curve.tensor.shape[1]
      for (column, reference) in [expected.curve.tensor, expected.accuracy.tensor].enumerated() {
        expectClose(
          Tensor(curves.flatMap { $0.values[column] }, shape: [2, points]), reference, Tolerance(absolute: 1e-6, relative: 1e-5),
          text)
      }
      expectClose(
        Tensor(curves.flatMap(\.areas), shape: [2, 2]), expected.areas.tensor, Tolerance(absolute: 1e-6, relative: 1e-5), text)
    }
  }

  /// Stages change one layer more each, from the output down, and nothing else.
  @Test func randomisationCascades() throws {
    let graph = try TinyNetworks.residual().canonized()
    let measure = try #require(try MeasureCatalog.measure("randomisation") as? any NetworkMeasure)
    let stages = try measure.stages(of: graph)
    let layers = graph.linearLayers
    #expect(stages.map(\.name) == layers.reversed().map(\.name))
    for (number, stage) in stages.enumerated() {
      for (position, layer) in layers.enumerated() {
        for case let name? in layer.node.inputs.dropFirst() {
          let isChanged = stage.graph.constants[name] != graph.constants[name]
          #expect(isChanged == (position >= layers.count - 1 - number), "\(name) in stage \(number)")
        }
      }
    }
    let few = try #require(try MeasureCatalog.measure("randomisation:stages=3") as? any NetworkMeasure)
    #expect(try few.stages(of: graph).count == 3)
    #expect(try few.stages(of: graph).last?.name == layers.first?.name)
    let map = RelevanceMap(height: 1, width: 4, values: [1, -2, 3, 4])
    #expect(measure.similarity(map, map) == 1)
    #expect(measure.similarity(map, RelevanceMap(height: 1, width: 4, values: [1, 1, 1, 1])) == nil)
  }

  @Test(arguments: [
    ("nonsense", "accepted: pointing-game"), ("pointing-game:tolerance=-1", "tolerance is -1"),
    ("mass-accuracy:sign=x", "signed, positive, absolute"), ("sparseness:sign=signed", "not a parameter"),
    ("pixel-flipping:steps=0", "steps is 0"), ("pixel-flipping:value=x", "mean, zero or a number"),
    ("pixel-flipping:share=2", "share is 2"), ("randomisation:stages=0", "stages is 0"),
  ])
  func wrongMeasuresAreRefused(text: String, part: String) {
    do {
      _ = try MeasureCatalog.measure(text)
      Issue.record("\(text) is accepted")
    } catch { #expect("\(error)".contains(part), "\(error)") }
  }
}
