import Analysis
import Engine
import Foundation
import Networks
import ONNX
import Pruning
import TestSupport
import Tensors
import Testing

/// Every structure that the networks of torchvision and timm have, small, through everything.
///
/// A file, forward and gradient against the twin, relevance, half the MACs with proof, and the pruned file. `make coverage` does it
/// with the networks themselves.
@Suite struct StructureTests {
  static let names =
    (TinyNetworks.all() + TinyNetworks.structures()).map(\.name) + TokenNetworks.allCases.map(\.rawValue)

  private static func graph(_ name: String) throws -> Graph {
    if let known = (TinyNetworks.all() + TinyNetworks.structures()).first(where: { $0.name == name }) { return known.graph }
    return try #require(TokenNetworks(rawValue: name)).graph(seed: 1)
  }

  private static func half(_ graph: Graph, through folder: URL) throws -> PrunedNetwork {
    let groups = try ChannelGroups(ChannelMap(graph))
    let file = folder.appendingPathComponent("stored.onnx").path
    let form = ProofForm(original: graph) { pruned in
      try pruned.writeONNX(to: file)
      return try Graph(onnx: file)
    }
    let scores = try criterion("l1").scores(ScoredNetwork(groups))
    return try Pruner.prune(groups, by: scores, Selection(Budget(.macs, 0.5), normalisation: .l2, floor: 0), proof: form)
  }

  private func single(_ what: String, _ actual: Tensor<Float>?, _ expected: Tensor<Double>?) throws {
    expectClose(
      try #require(actual), try #require(expected), Tolerance(absolute: 1e-6, relative: 5e-5), scaled: true, what)
  }

  @Test(arguments: names) func everyStep(_ name: String) throws {
    useOneThreadHere()
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("network.onnx").path
      let made = try StructureTests.graph(name)
      try made.writeONNX(to: file)
      let graph = try Graph(onnx: file)
      let inputs = try RandomNetworks.inputs(of: graph, 3)
      let doubles = inputs.mapValues { $0.map(Double.init) }
      let expected = Twin(made).forward(doubles)

      // Forward and gradient.
      let network = try graph.canonized()
      let builder = try PlanBuilder(network, batch: 3)
      try builder.forward(isDifferentiable: true)
      var seeds: [String: Slot] = [:]
      for output in network.outputs {
        let slot = builder.allocate(.plain(try builder.shape(of: output)), name: output)
        builder.pin(slot)
        seeds[output] = slot
      }
      let reached = try #require(try builder.gradients(from: seeds, to: ["input"])["input"])
      builder.keep(try builder.reorder(reached, to: .plain(builder.layout(reached).shape)), as: "∂input")
      let program = try Program(builder.finish())
      for (name, tensor) in inputs { try program.setInput(name, to: tensor) }
      var gradients: [String: Tensor<Double>] = [:]
      for (output, slot) in seeds {
        var random = Philox(seed: 3, stream: Philox.stream(named: output))
        let numbers = (0..<expected[output]!.count).map { _ in Float(random.normal()) }
        for (position, number) in numbers.enumerated() { program.pointer(slot)[position] = number }
        gradients[output] = Tensor(numbers.map(Double.init), shape: expected[output]!.shape)
      }
      try program.run()
      for output in graph.outputs { try single("\(name): \(output)", program.result(output), expected[output]) }
      let twin = Twin(network)
      let slopes = twin.backward(values: twin.forward(doubles), outputGradients: gradients)
      try single("\(name): gradient", program.result("∂input"), slopes["input"])

      // Relevance.
      let isOfTokens = TokenNetworks(rawValue: name) != nil || name == "mixer"
      let composite = try CompositeCatalog.composite(isOfTokens ? "attnlrp" : "epsilon_plus")
      let plan = try RelevancePlan(graph, composite: composite, batch: 4, details: RelevanceDetails(conservation: true))
      let result = try RelevanceProgram(plan).run(inputs["input"]!, targets: [.predicted, .predicted, .predicted])
      #expect(result.input.elements.allSatisfy(\.isFinite) && result.input.elements.contains { $0 != 0 })
      let parts = try #require(result.conservation)
      for (position, site) in plan.conservation.enumerated() {
        for sample in 0..<3 {
          let start = (sample * plan.conservation.count + position) * 5
          let (out, rest) = (parts.elements[start], parts.elements[start + 1..<start + 5])
          let size = max(abs(out), rest.map(abs).max() ?? 0, 1)
          #expect(abs(out - rest.reduce(0, +)) < 1e-9 * size, "\(name) \(site)")
          if site.rule == "zplus" || site.rule == "epsilon" {
            #expect(abs(parts.elements[start + 4]) < 2e-4 * size, "\(name) \(site)")
          }
        }
      }

      // Half the MACs, stored and read again.
      let pruned = try StructureTests.half(graph, through: folder)
      let share = Double(pruned.after.macs) / Double(pruned.before.macs)
      // Of the narrowest, few channels go at a time.
      #expect(0.2...0.5 ~= share, "\(name): \(share) of the MACs are left")
      #expect(pruned.proof.relativeDifference < 1e-5)
      let stored = try Graph(onnx: folder.appendingPathComponent("stored.onnx").path)
      #expect(try stored.summary().macs == pruned.after.macs)
      let smaller = Twin(stored).forward(doubles)
      let plain = try PlanBuilder(stored.canonized(), batch: 3)
      try plain.forward()
      let last = try Program(plain.finish())
      for (name, tensor) in inputs { try last.setInput(name, to: tensor) }
      try last.run()
      for output in stored.outputs { try single("\(name), pruned: \(output)", last.result(output), smaller[output]) }
    }
  }

  /// onnxruntime computes what the twin does, before and after.
  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON")) func onnxruntimeComputesTheSame() throws {
    try withTemporaryFolder { folder in
      for name in StructureTests.names {
        let graph = try StructureTests.graph(name)
        for (kind, network) in [("whole", graph), ("half", try StructureTests.half(graph, through: folder).graph)] {
          let inputs = try RandomNetworks.inputs(of: network, 3)
          let values = Twin(network).forward(inputs.mapValues { $0.map(Double.init) })
          let place = folder.appendingPathComponent("\(name) \(kind)")
          try network.writeONNX(to: place.path + ".onnx")
          let output = try #require(values[network.outputs[0]])
          for (part, tensor) in [("input", inputs["input"]!), ("output", output.map(Float.init))] {
            try tensor.elements.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: "\(place.path).\(part)"))
          }
        }
      }
      let text = try Python.run(
        """
        import glob, sys, numpy, onnx, onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        count = 0
        for path in sorted(glob.glob(sys.argv[1] + '/* *.onnx')):
            onnx.checker.check_model(path)
            session = onnxruntime.InferenceSession(path, options)
            first = session.get_inputs()[0]
            feed = numpy.fromfile(path[:-5] + '.input', 'float32').reshape([3] + first.shape[1:])
            result = session.run(None, {first.name: feed})[0]
            expected = numpy.fromfile(path[:-5] + '.output', 'float32').reshape(result.shape)
            assert abs(result - expected).max() <= 5e-5 * abs(expected).max(), (path, abs(result - expected).max())
            count += 1
        print(count, 'agree')
        """, folder.path)
      #expect(text.contains("\(2 * StructureTests.names.count) agree"))
    }
  }
}
