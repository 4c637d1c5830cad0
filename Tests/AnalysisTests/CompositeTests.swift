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

  /// The same rule in every third is the composite that has it everywhere, bit by bit.
  @Test(arguments: [
    ("by_depth", "epsilon_plus"), ("by_depth:low=alpha2_beta1,mid=alpha2_beta1,high=alpha2_beta1", "epsilon_alpha2_beta1"),
  ])
  func equalThirdsAreOneRule(byDepth: String, everywhere: String) throws {
    useOneThreadHere()
    for (network, graph) in TinyNetworks.all(seed: 3) {
      let x = TinyNetworks.images(2, seed: 3)
      let results = try [byDepth, everywhere].map { name in
        let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite(name), batch: 2)
        return try RelevanceProgram(plan).run(x, targets: [0, 1]).input.elements
      }
      #expect(results[0] == results[1], "\(network)")
    }
  }

  /// Of VGG-16's convolutions the first four, the next five and the last four, as Hatefi and others group them.
  @Test func thirdsOfVGG16() throws {
    let graph = try Architecture.named("vgg16", classes: 10, input: [3, 32, 32])
    let composite = try CompositeCatalog.composite("by_depth:low=gamma,mid=wsquare,high=flat,fc=zplus")
    let rules = try composite.assignment(for: graph)
    let layers = graph.layers.filter { $0.node.op.role == .convolution }
    let names = layers.compactMap { rules[$0.id].map { type(of: $0).name } }
    let expected = [("gamma", 4), ("wsquare", 5), ("flat", 4)].flatMap { [String](repeating: $0, count: $1) }
    #expect(names == expected)
    #expect(rules.values.count { type(of: $0).name == "zplus" } == 3)
    for damaged in ["by_depth:low=gama", "by_depth:low=zbox", "by_depth:first=zplus"] {
      #expect(throws: EspalierError.self) { try CompositeCatalog.composite(damaged) }
    }
  }
}
