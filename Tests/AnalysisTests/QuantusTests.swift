import Analysis
import Engine
import Foundation
import TestSupport
import Tensors
import Testing

/// Measures as Quantus computes them, on the golden network's gradient (`Tests/Peers/make_quantus.py`).
struct PeerMeasures: Decodable {
  struct MapCase: Decodable {
    var map, other: GoldenTensor
    var complexity: Double
    var randomisation: Double

    enum CodingKeys: String, CodingKey { case map, other, complexity, randomisation = "efficient-randomisation" }
  }

  struct Imputation: Decodable {
    var image, filled: GoldenTensor
    var removed: [Int]
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// By the measure's text: `[images, columns]`.
  var measures: [String: GoldenTensor] = [:]
  var maps: [MapCase] = []
  var imputations: [Imputation] = []

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      switch key.stringValue {
      case "maps": maps = try container.decode([MapCase].self, forKey: key)
      case "imputations": imputations = try container.decode([Imputation].self, forKey: key)
      default: measures[key.stringValue] = try container.decode(GoldenTensor.self, forKey: key)
      }
    }
  }

  static func read() throws -> PeerMeasures {
    try JSONDecoder().decode(PeerMeasures.self, from: Data(contentsOf: testResource("quantus.json")))
  }
}

@Suite struct QuantusTests {
  @Test(arguments: [2, 5]) func measuresOfChangedImagesAgree(batch: Int) throws {
    useOneThreadHere()
    let peers = try PeerMeasures.read()
    let golden = try GoldenVGG.read()
    let attributions = golden.gradient.tensor.map(Float.init)
    let maps = RelevanceMap.maps(of: attributions)
    let answering = try OutputProgram(OutputPlan(golden.graph(), batch: batch))
    let explaining = try AttributionProgram(
      AttributionPlan(golden.graph(), attributor: AttributorCatalog.attributor("gradient"), composite: nil, batch: batch))
    let shard = AttributionShard(images: golden.x.tensor.map(Float.init), targets: golden.target, indices: [3, 11])
    #expect(peers.measures.count == 10)
    for (text, expected) in peers.measures {
      let values: [[Double]] =
        switch try MeasureCatalog.measure(text) {
        case let measure as any OutputMeasure:
          try measure.curves(shard, maps: maps, targets: golden.target.map { OutputTarget($0) }, answering).map(\.areas)
        case let measure as any ChangeMeasure:
          try measure.values(
            shard, attributions: attributions, targets: golden.target.map { OutputTarget($0) }, explaining: explaining,
            answering: answering
          ).map { $0.map { $0 ?? .nan } }
        default: []
        }
      // Quantus computes in single precision, and infidelity squares small differences.
      let tolerance =
        text.hasPrefix("infidelity") ? Tolerance(absolute: 1e-7, relative: 2e-3) : Tolerance(absolute: 1e-5, relative: 1e-4)
      expectClose(
        Tensor(values.flatMap { $0 }, shape: [2, values.first?.count ?? 0]), expected.tensor, tolerance, text)
    }
  }

  @Test func measuresOfMapsAgree() throws {
    let peers = try PeerMeasures.read()
    #expect(peers.maps.count == 3)
    let complexity = try #require(try MeasureCatalog.measure("complexity") as? any MapMeasure)
    let randomisation = try #require(try MeasureCatalog.measure("efficient-randomisation:bins=20") as? any NetworkMeasure)
    for sample in peers.maps {
      let (map, other) = (self.map(sample.map.tensor), self.map(sample.other.tensor))
      #expect(abs(try #require(complexity.value(of: map, mask: nil)) - sample.complexity) < 1e-9)
      #expect(abs(try #require(randomisation.similarity(other, map)) - sample.randomisation) < 1e-9)
    }
    let flat = RelevanceMap(height: 2, width: 2, values: [2, 2, 2, 2])
    #expect(abs(try #require(complexity.value(of: flat, mask: nil)) - log(4)) < 1e-12)
    #expect(complexity.value(of: RelevanceMap(height: 1, width: 2, values: [0, 0]), mask: nil) == nil)
    #expect(randomisation.similarity(map(peers.maps[0].map.tensor), flat) == nil)
    #expect(try randomisation.stages(of: TinyNetworks.residual()).count == 1)
  }

  private func map(_ tensor: Tensor<Double>) -> RelevanceMap {
    RelevanceMap(height: tensor.shape[0], width: tensor.shape[1], values: tensor.elements)
  }

  /// Neighbours' means, solved by conjugate gradients here and by SciPy's sparse solver there.
  @Test func imputationsAgree() throws {
    let peers = try PeerMeasures.read()
    #expect(peers.imputations.count == 4)
    for sample in peers.imputations {
      let (image, expected) = (sample.image.tensor, sample.filled.tensor)
      let (height, width) = (image.shape[1], image.shape[2])
      let imputation = LinearImputation(sample.removed, height: height, width: width)
      for channel in 0..<2 {
        var plane = Array(image.elements[channel * height * width..<(channel + 1) * height * width])
        for (position, value) in zip(imputation.removed, imputation.filled(plane)) { plane[position] = value }
        expectClose(
          plane, Array(expected.elements[channel * height * width..<(channel + 1) * height * width]),
          Tolerance(absolute: 1e-9, relative: 1e-9))
      }
    }
    #expect(LinearImputation([0, 1], height: 1, width: 2).filled([1, 2]) == [0, 0])
  }

  @Test func everyMeasureSaysWhichWayIsBetter() throws {
    let lower = try MeasureCatalog.all.filter { try MeasureCatalog.measure($0.name).better == .lower }.map { $0.name }
    #expect(
      Set(lower) == ["complexity", "pixel-flipping", "deletion", "road", "infidelity", "sensitivity", "randomisation"])
    #expect(try MeasureCatalog.measure("pixel-flipping:order=ascending").better == .higher)
  }
}
