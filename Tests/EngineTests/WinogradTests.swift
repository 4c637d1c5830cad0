import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// The short cut of 3 × 3 convolutions beside the double twin and the direct way.
@Suite struct WinogradTests {
  /// conv → relu → conv + shortcut → relu, as in a residual block.
  private func block(channels: Int, side: Int, begin: Int = 1) throws -> Graph {
    var editor = GraphEditor(name: "block")
    editor.inputs = [
      GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(channels), .fixed(side), .fixed(side)])
    ]
    let window = Window(padding: .explicit(begin: [begin, begin], end: [2 - begin, 2 - begin]))
    func convolution(_ name: String, _ value: String) -> String {
      let scale = Float(1 / (9 * Double(channels)).squareRoot())
      let weight = editor.add(.float(noise([channels, channels, 3, 3], name).map { $0 * scale }), named: name + ".w")
      let bias = editor.add(.float(noise([channels], name + ".b")), named: name + ".b")
      return editor.add(Op.Conv(window: window), named: name, inputs: [value, weight, bias])
    }
    let first = editor.add(Op.Relu(), named: "r1", inputs: [convolution("c1", "x")])
    let second = editor.add(Op.Relu(), named: "r2", inputs: [convolution("c2", first)])
    let sum = editor.add(Op.Add(), named: "sum", inputs: [convolution("c3", second), first])
    editor.outputs = [editor.add(Op.Relu(), named: "r3", inputs: [sum])]
    return try editor.graph()
  }

  private func output(
    _ graph: Graph, _ x: Tensor<Float>, allowsWinograd: Bool = true, isDifferentiable: Bool = false
  ) throws -> (values: Tensor<Float>, kernels: [String]) {
    useOneThreadHere()
    let builder = try PlanBuilder(graph, batch: x.shape[0])
    #expect(builder.allowsWinograd)
    builder.allowsWinograd = allowsWinograd
    try builder.forward(isDifferentiable: isDifferentiable)
    let plan = builder.finish()
    let program = try Program(plan)
    try program.setInput("x", to: x)
    try program.run()
    return (program.result(graph.outputs[0]), plan.implementations.map(\.kernel))
  }

  // Maps of one tile row and of many, chunks that end inside an image, padding on either side.
  @Test(arguments: [(2, 64, 16, 1), (1, 32, 57, 1), (3, 40, 13, 0), (2, 48, 10, 2)], [false, true])
  func agreesWithTheTwinInAResidualBlock(_ size: (Int, Int, Int, Int), isDifferentiable: Bool) throws {
    let graph = try block(channels: size.1, side: size.2, begin: size.3)
    let x = noise([size.0, size.1, size.2, size.2], "x")
    let ours = try output(graph, x, isDifferentiable: isDifferentiable)
    #expect(ours.kernels.count { $0.hasPrefix("winograd:jit") } == 3)
    let expected = Twin(graph).forward(["x": x.doubles])[graph.outputs[0]]!
    expectClose(ours.values, expected, Tolerance(absolute: 1e-6, relative: 1e-5), scaled: true, "output")
    let direct = try output(graph, x, allowsWinograd: false, isDifferentiable: isDifferentiable)
    #expect(!direct.kernels.contains { $0.hasPrefix("winograd") })
    expectClose(ours.values, direct.values.doubles, Tolerance(absolute: 1e-6, relative: 1e-5), scaled: true, "direct")
  }

  /// The same image gives the same bits wherever it stands in a shard, and whatever the arena held before.
  @Test func bitsDoNotDependOnNeighbours() throws {
    let graph = try block(channels: 32, side: 18)
    let builder = try PlanBuilder(graph, batch: 4)
    try builder.forward()
    useOneThreadHere()
    let program = try Program(builder.finish())
    let x = noise([4, 32, 18, 18], "x")
    try program.setInput("x", to: x)
    try program.run()
    let whole = program.result(graph.outputs[0])
    for row in 0..<4 {
      try program.setInput("x", to: x.rows(row..<row + 1))
      try program.run()
      #expect(program.result(graph.outputs[0]) == whole.rows(row..<row + 1))
    }
  }

  /// Training sees direct sums only, and so do narrow layers, strides, groups and dilations.
  @Test func isLeftOutWhereItDoesNotPay() throws {
    #expect(try !PlanBuilder(block(channels: 32, side: 16), batch: 2, isTraining: true).allowsWinograd)
    let narrow = try output(block(channels: 16, side: 16), noise([2, 16, 16, 16], "x"))
    #expect(!narrow.kernels.contains { $0.hasPrefix("winograd") })
    let padding = Padding.explicit(begin: [1, 1], end: [1, 1])
    for op in [
      Op.Conv(window: Window(strides: [2, 2], padding: padding)), Op.Conv(window: Window(dilations: [2, 2], padding: padding)),
      Op.Conv(group: 2, window: Window(padding: padding)),
    ] {
      let example = OperatorCase(op, .data([2, 64, 20, 20]), .weight([64, 64 / op.group, 3, 3]))
      let builder = try PlanBuilder(example.graph(), batch: 2)
      try builder.forward()
      #expect(!builder.finish().implementations.contains { $0.kernel.hasPrefix("winograd") }, "\(op)")
    }
  }
}
