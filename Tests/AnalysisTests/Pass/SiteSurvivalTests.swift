import Analysis
import Networks
import TestSupport
import Tensors
import Testing

/// No layer is lost on the way from the graph as read to the canonised graph that is computed.
@Suite struct SiteSurvivalTests {
  static let networks: [String: @Sendable () throws -> Graph] = {
    var networks: [String: @Sendable () throws -> Graph] = [:]
    for (name, graph) in TinyNetworks.all() { networks[name] = { graph } }
    for name in ["lenet", "vgg-like", "resnet20", "mobilenet-v2", "densenet121", "googlenet"] {
      networks[name] = { try Architecture.named(name, seed: 1) }
    }
    return networks
  }()

  /// The layers that multiply something that depends on the images by a constant of two axes and more, found by a walk of its own.
  private func layers(of graph: Graph) -> [String] {
    var live = Set(graph.inputs.map(\.name))
    var names: [String] = []
    for node in graph.nodes where node.inputs.contains(where: { $0.map(live.contains) ?? false }) {
      live.formUnion(node.outputs)
      let hasWeight = node.inputs.contains { ($0.flatMap { graph.constants[$0]?.floats }?.shape.rank ?? 0) > 1 }
      if hasWeight, ["Conv", "ConvTranspose", "Gemm", "MatMul"].contains(node.op.name) { names.append(node.label) }
    }
    return names
  }

  @Test(arguments: networks.keys.sorted()) func everyLayerIsASite(name: String) throws {
    let graph = try SiteSurvivalTests.networks[name]!()
    let expected = layers(of: graph)
    #expect(expected.count > 2)
    let analysis = try AnalysisPlan(graph, AnalysisRequest(batch: 1))
    #expect(analysis.sites.map(\.layer.node.label) == expected)
    let relevance = try RelevancePlan(graph, composite: CompositeCatalog.composite("epsilon_plus"), batch: 1)
    #expect(relevance.sites.map(\.layer.node.label) == expected)
  }
}
