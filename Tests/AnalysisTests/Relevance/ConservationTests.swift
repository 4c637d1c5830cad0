import Analysis
import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// What layers conserve: properties, and the parts against the twin.
@Suite struct ConservationTests {
  private func result(_ graph: Graph, _ composite: Composite, seed: UInt64 = 5) throws -> (RelevancePlan, RelevanceResult) {
    useOneThreadHere()
    let plan = try RelevancePlan(
      graph, composite: composite, batch: 4, details: RelevanceDetails(conservation: true, maxima: true))
    return (plan, try RelevanceProgram(plan).run(TinyNetworks.images(3, seed: seed), targets: [0, 1, 2]))
  }

  /// out = in + bias + stabiliser with nothing left at layers whose rule splits relevance, in every network.
  @Test(arguments: ["epsilon_plus", "epsilon_alpha2_beta1", "epsilon_plus_flat", "epsilon_gamma_box:low=-9,high=9"])
  func thePartsAddUp(specification: String) throws {
    for (network, graph) in TinyNetworks.all(seed: 5) {
      let (plan, result) = try result(graph, CompositeCatalog.composite(specification))
      let values = try #require(result.conservation)
      #expect(values.shape == [3, plan.conservation.count, 5])
      for sample in 0..<3 {
        for (position, site) in plan.conservation.enumerated() {
          let start = (sample * plan.conservation.count + position) * 5
          let (out, arrived, bias, lost, other) = (
            values.elements[start], values.elements[start + 1], values.elements[start + 2], values.elements[start + 3],
            values.elements[start + 4]
          )
          let size = max(abs(out), abs(arrived), abs(bias), abs(lost), 1)
          #expect(abs(out - arrived - bias - lost - other) < 1e-9 * size)
          if site.rule != "gradient" { #expect(abs(other) < 2e-4 * size, "\(network) \(specification) \(site): \(other)") }
          if site.rule == "pass" { #expect(bias == 0 && lost == 0) }
        }
        // The first layer hands on what arrives at the pixels.
        let pixels = result.input.rows(sample..<sample + 1).elements.reduce(0) { $0 + Double($1) }
        let first = values.elements[sample * plan.conservation.count * 5 + 1]
        #expect(abs(first - pixels) < 1e-4 * max(1, abs(pixels)))
      }
    }
  }

  /// Without biases Σ R stays what it was, but for the stabiliser.
  @Test func withoutBiasRelevanceIsConserved() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("rules.toml")
      let rules = """
        base = "epsilon_plus"
        [[rules]]
        kind = "convolution"
        rule = "zplus"
        bias = false
        epsilon = 1e-9
        [[rules]]
        rule = "epsilon"
        bias = false
        epsilon = 1e-9
        """
      try Data(rules.utf8).write(to: file)
      for (network, graph) in TinyNetworks.all(seed: 5) {
        let (plan, result) = try result(graph, CompositeCatalog.composite(file.path))
        let values = try #require(result.conservation)
        for position in plan.conservation.indices where !["Clip", "Relu"].contains(plan.conservation[position].op) {
          for sample in 0..<3 {
            let start = (sample * plan.conservation.count + position) * 5
            #expect(values.elements[start + 2] == 0, "\(network)")
            let (out, arrived, lost) = (values.elements[start], values.elements[start + 1], values.elements[start + 3])
            #expect(abs(out - arrived - lost) < 1e-4 * max(1, abs(out)), "\(network) \(plan.conservation[position])")
          }
        }
      }
    }
  }

  /// ε at the last layer by hand: the bias takes R · b / (z + ε).
  @Test func theBiasOfALinearLayer() throws {
    let graph = TinyNetworks.vgg(seed: 5)
    let (plan, result) = try result(graph, CompositeCatalog.composite("epsilon_plus:epsilon=0.5"))
    let values = try #require(result.conservation)
    let position = try #require(plan.conservation.firstIndex { $0.layer == "fc2" })
    let name = try #require(graph.layers.first { $0.name == "fc2" }?.node.inputs[2])
    let bias = try #require(graph.constants[name]?.floats)
    for sample in 0..<3 {
      let z = Double(result.prediction.elements[sample * 4 + sample])
      let q = 1 / (z + (z < 0 ? -0.5 : 0.5))
      let start = (sample * plan.conservation.count + position) * 5
      #expect(values.elements[start] == 1)
      #expect(abs(values.elements[start + 2] - q * Double(bias.elements[sample])) < 1e-5)
      #expect(abs(values.elements[start + 3] - (1 - q * z)) < 1e-5)
    }
  }

  /// The greatest activations are those of the twin.
  @Test func maxima() throws {
    for (network, graph) in TinyNetworks.all(seed: 5) {
      let (plan, result) = try result(graph, CompositeCatalog.composite("epsilon_plus"))
      let x = TinyNetworks.images(3, seed: 5)
      let twin = TwinRelevance(Twin(graph)).propagate(["input": x.map(Double.init)], composite: .epsilonPlus) {
        oneHot([0, 1, 2], count: $0.shape[1])
      }
      for (site, (found, layer)) in zip(plan.sites, zip(result.maxima, twin.layers)) {
        let values = try #require(twin.values[layer.output])
        let area = values.count / (3 * site.channels)
        let greatest = (0..<3 * site.channels).map { position in
          values.elements[position * area..<(position + 1) * area].max() ?? 0
        }
        expectClose(
          found, Tensor(greatest, shape: found.shape), Tolerance(relative: 1e-5), scaled: true, "\(network) \(site.layer.name)")
      }
    }
  }
}
