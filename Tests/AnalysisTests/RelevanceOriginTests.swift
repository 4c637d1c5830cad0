import Analysis
import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// Relevance that starts at filters.
@Suite struct RelevanceOriginTests {
  @Test func filtersAgreeWithZennit() throws {
    useOneThreadHere()
    let golden = try GoldenVGG.read()
    let peers = try JSONDecoder().decode([String: GoldenTensor].self, from: Data(contentsOf: testResource("conditional.json")))
    #expect(peers.count == 4)
    for (text, expected) in peers {
      let plan = try RelevancePlan(
        golden.graph(), composite: CompositeCatalog.composite("epsilon_plus"), batch: golden.target.count,
        details: RelevanceDetails(origin: RelevanceOrigin(text)))
      let result = try RelevanceProgram(plan).run(golden.x.tensor.map(Float.init), targets: golden.target)
      expectCloseBySample(result.input, expected.tensor, text)
      let position = try #require(plan.sites.firstIndex { $0.layer.name == "conv2" })
      let kept = try RelevanceOrigin(text).channels
      for (index, sum) in result.signed[position].elements.enumerated() where !kept.contains(index % 5) { #expect(sum == 0) }
    }
  }

  /// The channels' relevances add up to the whole where every path leads through the layer.
  @Test func allChannelsAreTheWhole() throws {
    useOneThreadHere()
    let graph = TinyNetworks.vgg(seed: 2)
    let x = TinyNetworks.images(2, seed: 2)
    func relevance(_ origin: String?) throws -> Tensor<Float> {
      let plan = try RelevancePlan(
        graph, composite: CompositeCatalog.composite("epsilon_plus"), batch: 2,
        details: RelevanceDetails(origin: origin.map { try RelevanceOrigin($0) }))
      return try RelevanceProgram(plan).run(x, targets: [1, 2]).input
    }
    let parts = try (0..<8).map { try relevance("conv2:\($0)") }
    var sum = Tensor<Double>(repeating: 0, shape: parts[0].shape)
    for part in parts { for (position, value) in part.elements.enumerated() { sum.elements[position] += Double(value) } }
    expectClose(try relevance(nil), sum, Tolerance(relative: 1e-4), scaled: true)
    expectClose(try relevance("conv2:0,1,2,3,4,5,6,7"), sum, Tolerance(relative: 1e-4), scaled: true)
  }

  @Test(arguments: ["", "conv2", "conv2:", "conv2:a", "conv2:-1", "conv2:1,,2", ":1", "conv9:1", "conv2:8"])
  func whatIsNoFilterIsRefused(text: String) {
    #expect(throws: EspalierError.self) {
      try RelevancePlan(
        TinyNetworks.vgg(), composite: CompositeCatalog.composite("epsilon_plus"), batch: 1,
        details: RelevanceDetails(origin: RelevanceOrigin(text)))
    }
  }
}
