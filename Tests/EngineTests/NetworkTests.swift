import Dispatch
import Engine
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct NetworkTests {
  @Test(arguments: TinyNetworks.all().map(\.name), [true, false])
  func forwardAgreesWithTheTwin(_ name: String, canonized: Bool) throws {
    let network = tiny(name)
    let graph = canonized ? try network.canonized() : network
    let images = TinyNetworks.images(5)
    let values = Twin(graph).forward(["input": images.doubles])
    for kept in [[], Set(graph.nodes.flatMap(\.outputs))] {
      for (value, result) in try run(graph, ["input": images], batch: 5, keeping: kept) {
        expectClose(result, values[value]!, single, scaled: true, value)
      }
    }
    expectClose(
      try run(graph, ["input": images.rows(0..<3)], batch: 5)["output"]!, values["output"]!.rows(0..<3), single, scaled: true)
    expectClose(
      try run(graph, ["input": images.rows(0..<1)], batch: 1)["output"]!, values["output"]!.rows(0..<1), single, scaled: true)
  }

  @Test(arguments: TinyNetworks.all().map(\.name)) func gradientsAgreeWithTheTwin(_ name: String) throws {
    let graph = try tiny(name).canonized()
    let images = TinyNetworks.images(3)
    let twin = Twin(graph)
    let values = twin.forward(["input": images.doubles])
    let seeds = ["output": noise([3, 4], "∂")]
    let expected = twin.backward(values: values, outputGradients: seeds.mapValues(\.doubles))
    let wanted = ["input"] + weights(graph)
    let differentiated = try Differentiated(graph, batch: 4, from: ["output"], to: wanted)
    #expect(differentiated.reached == wanted.sorted())
    let program = try Program(differentiated.plan)
    try program.setInput("input", to: images)
    differentiated.seed(program, seeds)
    try program.run()
    for name in wanted { expectClose(program.result("∂" + name), expected[name]!, single, scaled: true, "∂" + name) }
  }

  @Test(arguments: TinyNetworks.all().map(\.name)) func earlierRunsLeaveNoTrace(_ name: String) throws {
    let graph = try tiny(name).canonized()
    let differentiated = try Differentiated(graph, batch: 3, from: ["output"], to: ["input"] + weights(graph))
    let program = try Program(differentiated.plan)
    let seeds = ["output": noise([3, 4], "∂")]
    func results(_ images: Tensor<Float>) throws -> [Tensor<Float>] {
      try program.setInput("input", to: images)
      differentiated.seed(program, seeds)
      try program.run()
      return (["output"] + differentiated.reached.map { "∂" + $0 }).map(program.result)
    }
    let images = TinyNetworks.images(3)
    let before = try results(images)
    _ = try results(Tensor(repeating: .nan, shape: images.shape))
    _ = try results(Tensor(repeating: .infinity, shape: images.shape))
    #expect(try results(images) == before)
  }

  @Test(arguments: TinyNetworks.all().map(\.name)) func samplesDoNotSeeEachOther(_ name: String) throws {
    let graph = try tiny(name).canonized()
    var images = TinyNetworks.images(3)
    let clean = try run(graph, ["input": images], batch: 3)["output"]!
    let size = images.count / 3
    for position in size..<2 * size { images.elements[position] = position % 2 == 0 ? .nan : -.infinity }
    let result = try run(graph, ["input": images], batch: 3)["output"]!
    #expect(result.rows(0..<1) == clean.rows(0..<1) && result.rows(2..<3) == clean.rows(2..<3))
  }

  @Test func programsOfOnePlanRunSideBySide() throws {
    let graph = try TinyNetworks.residual().canonized()
    let differentiated = try Differentiated(graph, batch: 2, from: ["output"], to: ["input"] + weights(graph))
    let seeds = ["output": noise([2, 4], "∂")]
    let reached = differentiated.reached
    @Sendable func result(_ program: Program, _ round: Int) throws -> [Tensor<Float>] {
      try program.setInput("input", to: TinyNetworks.images(2, seed: UInt64(round % 5)))
      differentiated.seed(program, seeds)
      try program.run()
      return (["output"] + reached.map { "∂" + $0 }).map(program.result)
    }
    let alone = try Program(differentiated.plan)
    let expected = try (0..<5).map { try result(alone, $0) }
    nonisolated(unsafe) var differing = [0, 0]
    DispatchQueue.concurrentPerform(iterations: 2) { worker in
      useOneThreadHere()
      do {
        let program = try Program(differentiated.plan)
        for round in 0..<200 where try result(program, round) != expected[round % 5] { differing[worker] += 1 }
      } catch { Issue.record(error) }
    }
    #expect(differing == [0, 0])
  }

  private func weights(_ graph: Graph) -> [String] {
    graph.floatConstants.keys.filter { $0.hasSuffix(".weight") || $0.hasSuffix(".bias") }
  }
}

/// A tiny network by name.
func tiny(_ name: String) -> Graph { TinyNetworks.all().first { $0.name == name }!.graph }
