import Engine
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct DropoutTests {
  /// A convolution, dropout of maps, and dropout of a row behind a linear layer.
  private func graph(ratio: Float? = 0.25) throws -> Graph {
    var editor = GraphEditor(name: "dropout")
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(3), .fixed(4), .fixed(4)])]
    let kernel = editor.add(.float(noise([10, 3, 3, 3], "kernel")), named: "kernel")
    let weight = editor.add(.float(noise([5, 40], "weight")), named: "weight")
    let share = ratio.map { editor.add(.float(Tensor(scalar: $0)), named: "share") }
    let maps = editor.add(Op.Conv(), named: "conv", inputs: ["input", kernel])
    let dropped = editor.add(Op.Dropout(), named: "first", inputs: [maps] + (share.map { [$0] } ?? []))
    let row = editor.add(
      Op.Gemm(transposeB: true), named: "fc", inputs: [editor.add(Op.Flatten(), named: "flat", inputs: [dropped]), weight])
    editor.outputs = [editor.add(Op.Dropout(), named: "second", inputs: [row])]
    return try editor.graph()
  }

  /// The same network with products in the position of dropout, whose masks are given.
  private func masked(_ graph: Graph, _ masks: [String: Tensor<Float>]) throws -> Graph {
    var editor = GraphEditor(graph)
    for position in editor.nodes.indices where editor.nodes[position].op is Op.Dropout {
      let name = editor.nodes[position].name
      let mask = editor.add(.float(masks[name]!), named: name + ".mask")
      editor.nodes[position].op = Op.Mul()
      editor.nodes[position].inputs = [editor.nodes[position].inputs[0], mask]
    }
    return try editor.graph()
  }

  /// Given the masks, dropout is a product with them: the double twin's, whose gradients the differences confirm.
  @Test(arguments: [1, 3]) func forwardAndBackwardAreThoseOfAProduct(batch: Int) throws {
    let graph = try graph()
    let output = graph.outputs[0]
    let wanted = ["input", "kernel", "weight"]
    let differentiated = try Differentiated(graph, batch: batch, from: [output], to: wanted, isTraining: true)
    let plan = differentiated.plan
    #expect(plan.dropouts.map(\.node) == ["first", "second"])
    #expect(plan.dropouts.map(\.ratio) == [0.25, 0.5])
    let shapes: [String: Shape] = ["first": [batch, 10, 2, 2], "second": [batch, 5]]
    let masks = shapes.reduce(into: [String: Tensor<Float>]()) { masks, entry in
      masks[entry.key] = noise(entry.value, entry.key).map { $0 > 0 ? 4 / 3 : 0 }
    }
    #expect(masks.values.allSatisfy { $0.elements.contains(0) && $0.elements.contains { $0 != 0 } })

    let data = noise([batch, 3, 4, 4], "data")
    let program = try Program(plan)
    try program.setInput("input", to: data)
    for mask in plan.dropouts {
      program.featureMap(mask.slot).base.update(from: masks[mask.node]!.elements, count: masks[mask.node]!.count)
    }
    let seeds = [output: noise([batch, 5], "∂")]
    differentiated.seed(program, seeds)
    try program.run()

    let twin = Twin(try masked(graph, masks))
    let values = twin.forward(["input": data.doubles])
    let expected = twin.backward(values: values, outputGradients: seeds.mapValues(\.doubles))
    expectClose(program.result(output), values[output]!, single, scaled: true, output)
    #expect(differentiated.reached == wanted.sorted())
    for name in wanted { expectClose(program.result("∂" + name), expected[name]!, single, scaled: true, "∂" + name) }
    twin.checkGradients(inputs: ["input": data.doubles], of: ["input"])
  }

  @Test func inferenceDropsNothing() throws {
    let graph = try graph()
    let data = noise([2, 3, 4, 4], "data")
    let expected = Twin(graph).forward(["input": data.doubles])[graph.outputs[0]]!
    expectClose(try run(graph, ["input": data], batch: 2)[graph.outputs[0]]!, expected, single, scaled: true)
    #expect(try PlanBuilder(graph, batch: 2).finish().dropouts.isEmpty)
  }

  @Test(arguments: [1, -0.5, .nan] as [Float]) func sharesThatAreNoneAreRefused(ratio: Float) throws {
    let graph = try graph(ratio: ratio)
    let error = try #require(throws: EspalierError.self) {
      try PlanBuilder(graph, batch: 1, isTraining: true).forward(isDifferentiable: true)
    }
    #expect(error.description.contains("Dropout 'first'") && error.description.contains("its ratio is"))
  }
}
