import Dispatch
import Engine
import Networks
import Scheduling
import TestSupport
import Tensors
import Testing

@Suite struct BatchStatisticsTests {
  /// A training step over shards: outputs of all samples, gradients of the weights, and the batch's means and variances.
  struct Step: Equatable {
    var output: Tensor<Float>
    var gradients: [String: Tensor<Double>] = [:]
    var inputGradient: Tensor<Float>
    var moments: [String: [Double]] = [:]
  }

  /// Runs a step with one program a shard, on so many threads.
  private func step(_ graph: Graph, samples: Int, shard size: Int, threads: Int) throws -> Step {
    let names = weights(graph)
    let differentiated = try Differentiated(graph, batch: size, from: ["output"], to: names + ["input"], isTraining: true)
    let plan = differentiated.plan
    let images = TinyNetworks.images(samples)
    let seeds = noise([samples, 4], "∂")
    let shards = stride(from: 0, to: samples, by: size).map { $0..<min($0 + size, samples) }
    nonisolated(unsafe) let programs = try shards.map { rows in
      let program = try Program(plan)
      try program.setInput("input", to: images.rows(rows))
      differentiated.seed(program, ["output": seeds.rows(rows)])
      return program
    }
    for segment in 0..<plan.segmentCount {
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        useOneThreadHere()
        for shard in stride(from: thread, to: programs.count, by: threads) {
          do { try programs[shard].run(segment: segment) } catch { Issue.record(error) }
        }
      }
      guard segment < plan.synchronised.count else { continue }
      let slot = plan.synchronised[segment]
      let sum = FixedTree.reduce(programs.map { Array($0.sums(slot)) }) { zip($0, $1).map(+) }!
      for program in programs { for i in sum.indices { program.sums(slot)[i] = sum[i] } }
    }
    func joined(_ name: String) -> Tensor<Float> {
      let parts = programs.map { $0.result(name) }
      return Tensor(parts.flatMap(\.elements), shape: parts[0].shape.replacing(axis: 0, with: samples))
    }
    var result = Step(output: joined("output"), inputGradient: joined("∂input"))
    for name in names {
      result.gradients[name] = FixedTree.reduce(programs.map { $0.result("∂" + name).doubles }) { a, b in
        Tensor(zip(a.elements, b.elements).map(+), shape: a.shape)
      }
    }
    for statistics in plan.statistics {
      let (sums, channels) = (programs[0].sums(statistics.sums), statistics.channels)
      let mean = (0..<channels).map { sums[$0] / sums[2 * channels] }
      result.moments[statistics.mean] = mean
      result.moments[statistics.variance] = (0..<channels).map { sums[channels + $0] / sums[2 * channels] - mean[$0] * mean[$0] }
    }
    return result
  }

  private func weights(_ graph: Graph) -> [String] {
    graph.floatConstants.keys.filter { $0.hasSuffix(".weight") || $0.hasSuffix(".bias") }.sorted()
  }

  @Test(arguments: TinyNetworks.all().map(\.name), [(7, 7), (7, 8), (7, 3), (8, 4), (5, 1)])
  func aStepIsThatOfTheWholeBatch(_ name: String, _ cut: (samples: Int, shard: Int)) throws {
    let graph = tiny(name)
    let twin = Twin(graph, training: true)
    let values = twin.forward(["input": TinyNetworks.images(cut.samples).doubles])
    let expected = twin.backward(values: values, outputGradients: ["output": noise([cut.samples, 4], "∂").doubles])
    let step = try step(graph, samples: cut.samples, shard: cut.shard, threads: 1)
    expectClose(step.output, values["output"]!, single, scaled: true, "output")
    expectClose(step.inputGradient, expected["input"]!, single, scaled: true, "∂input")
    // A bias before a batch norm has no effect: its gradient is rounding.
    let tolerance = Tolerance(absolute: 2e-5, relative: 2e-5)
    for name in weights(graph) { expectClose(step.gradients[name]!, expected[name]!, tolerance, scaled: true, "∂" + name) }
    for node in graph.nodes where node.op is Op.BatchNormalization {
      let moments = batchStatistics(of: values[node.inputs[0]!]!)
      expectClose(step.moments[node.inputs[3]!]!, moments.mean.elements, single, scaled: true, "mean")
      expectClose(step.moments[node.inputs[4]!]!, moments.variance.elements, single, scaled: true, "variance")
    }
  }

  @Test(arguments: TinyNetworks.all().map(\.name)) func threadsDoNotChangeABit(_ name: String) throws {
    let alone = try step(tiny(name), samples: 8, shard: 3, threads: 1)
    for threads in [2, 3] { #expect(try step(tiny(name), samples: 8, shard: 3, threads: threads) == alone) }
  }
}
