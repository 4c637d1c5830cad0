import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// Activations that oneDNN computes behind a convolution are those that stand alone.
@Suite struct FusedActivationTests {
  /// Groups, kernel and stride of a convolution from 24 channels to 24.
  static let layers = [(1, 1, 1), (24, 3, 1), (24, 5, 2), (1, 3, 2), (4, 3, 1)]
  static let functions: [String: any Operator] = [
    "swish": Op.Swish(), "quick gelu": Op.Swish(alpha: 1.702), "hard swish": Op.HardSwish(), "leaky": Op.LeakyRelu(alpha: 0.1),
  ]

  private static func graph(_ layer: (Int, Int, Int), _ function: any Operator) throws -> Graph {
    let (group, kernel, stride) = layer
    var editor = GraphEditor(name: "fused")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(24), .fixed(9), .fixed(9)])]
    let weight = editor.add(.float(noise([24, 24 / group, kernel, kernel], "w")), named: "w")
    let bias = editor.add(.float(noise([24], "b")), named: "b")
    let pad = [kernel / 2, kernel / 2]
    let window = Window(strides: [stride, stride], padding: .explicit(begin: pad, end: pad))
    let sum = editor.add(Op.Conv(group: group, window: window), named: "sum", inputs: ["x", weight, bias])
    editor.outputs = [editor.add(function, named: "y", inputs: [sum])]
    return try editor.graph()
  }

  @Test(arguments: layers, functions.keys.sorted()) func isThatOfTheFunctionAlone(layer: (Int, Int, Int), name: String) throws {
    let graph = try FusedActivationTests.graph(layer, FusedActivationTests.functions[name]!)
    let sum = graph.nodes[0].outputs[0]
    let builder = try PlanBuilder(graph, batch: 2)
    try builder.forward()
    #expect(!builder.isComputed(sum))
    let x = noise([2, 24, 9, 9], "x").map { 4 * $0 }
    let fused = try run(graph, ["x": x], batch: 2)[graph.outputs[0]]!
    let alone = try run(graph, ["x": x], batch: 2, keeping: [sum])[graph.outputs[0]]!
    expectClose(fused, alone, Tolerance(absolute: 1e-6, relative: 1e-6))
  }

  /// A short cut through the convolution saves more than a sweep of the activation costs.
  @Test func winogradIsNotGivenUpForASmoothActivation() throws {
    var editor = GraphEditor(name: "short cut")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(32), .fixed(16), .fixed(16)])]
    let weight = editor.add(.float(noise([32, 32, 3, 3], "w")), named: "w")
    let window = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))
    let sum = editor.add(Op.Conv(window: window), named: "sum", inputs: ["x", weight])
    editor.outputs = [editor.add(Op.Swish(), named: "y", inputs: [sum])]
    let builder = try PlanBuilder(editor.graph(), batch: 2)
    try builder.forward()
    #expect(builder.isComputed(sum))
    #expect(builder.finish().implementations.contains { $0.kernel.hasPrefix("winograd") })
  }

  @Test(arguments: layers, ["swish", "hard swish"]) func keepsNaN(layer: (Int, Int, Int), name: String) throws {
    let graph = try FusedActivationTests.graph(layer, FusedActivationTests.functions[name]!)
    var x = noise([2, 24, 9, 9], "x")
    x.elements[24 * 81 + 40] = .nan
    let fused = try run(graph, ["x": x], batch: 2)[graph.outputs[0]]!
    let alone = try run(graph, ["x": x], batch: 2, keeping: [graph.nodes[0].outputs[0]])[graph.outputs[0]]!
    #expect(alone.elements.contains { $0.isNaN })
    #expect(fused.elements.map(\.isNaN) == alone.elements.map(\.isNaN))
  }
}
