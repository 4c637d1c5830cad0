import Analysis
import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// Whole networks in the engine, against the double-precision twin.
@Suite struct CompositeTests {
  static let specifications = [
    "epsilon_plus", "epsilon_plus_flat", "epsilon_alpha2_beta1", "epsilon_alpha2_beta1_flat", "epsilon_gamma_box:low=-3,high=3",
    "deconvnet", "guided_backprop", "beta_smooth", "excitation_backprop",
  ]

  @Test(arguments: specifications, [UInt64(1), 7])
  func tinyNetworksAgreeWithTheTwin(specification: String, seed: UInt64) throws {
    useOneThreadHere()
    let name = String(specification.prefix { $0 != ":" })
    let reference = try #require(TwinComposite.named(low: [-3], high: [3])[name])
    for (network, graph) in TinyNetworks.all(seed: seed) {
      let x = TinyNetworks.images(3, seed: seed)
      let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite(specification), batch: 4)
      let result = try RelevanceProgram(plan).run(x, targets: [0, 1, 2])
      let twin = TwinRelevance(Twin(graph)).propagate(["input": x.map(Double.init)], composite: reference) { output in
        oneHot([0, 1, 2], count: output.shape[1])
      }
      expectCloseBySample(result.input, try #require(twin.relevance["input"]), "\(network) \(name)")
      #expect(plan.sites.map(\.layer.id) == twin.layers.map(\.node.id))
      for (site, layer) in zip(result.signed, twin.layers) {
        expectCloseBySample(site, layer.sums, "\(network) \(name) \(layer.node.name)")
      }
    }
  }
}
