import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// Sums beyond float32 stay NaN in whatever is fused, as they do where nothing is.
@Suite struct OverflowTests {
  /// Layers behind each other, of which one cancels infinities: ∞ − ∞ is NaN.
  enum Form: String, CaseIterable {
    case rectified, clipped, residual, transposed, grouped, winograd, deep, pooled, huge
  }

  private static func shape(_ form: Form) -> [Int] { form == .winograd ? [2, 32, 16, 16] : [2, 2, 4, 4] }

  private func graph(_ form: Form) throws -> Graph {
    let shape = OverflowTests.shape(form)
    let channels = shape[1]
    var editor = GraphEditor(name: form.rawValue)
    editor.inputs = [
      GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N")] + shape.dropFirst().map { .fixed($0) })
    ]
    /// Every output is `gain` times one channel, less `loss` times the next.
    func convolution(_ name: String, _ input: String, gain: Float, loss: Float, kernel: Int = 1, op: any Operator = Op.Conv())
      -> String
    {
      var weights = Tensor<Float>(repeating: 0, shape: [channels, channels, kernel, kernel])
      for k in 0..<channels {
        let centre = (kernel * kernel) / 2
        weights.elements[(k * channels + k) * kernel * kernel + centre] += gain
        weights.elements[(k * channels + (k + 1) % channels) * kernel * kernel + centre] -= loss
      }
      return editor.add(op, named: name, inputs: [input, editor.add(.float(weights), named: name + ".w")])
    }
    func rectified(_ name: String, _ input: String) -> String { editor.add(Op.Relu(), named: name + ".r", inputs: [input]) }
    var x = "x"
    switch form {
    case .rectified:
      x = rectified("a", convolution("a", x, gain: 1e30, loss: 0))
      x = rectified("b", convolution("b", x, gain: 1, loss: 1))
    case .clipped:
      let bounds = [Float(0), 6].enumerated().map { editor.add(.float(Tensor([$1], shape: [])), named: "bound\($0)") }
      x = rectified("a", convolution("a", x, gain: 1e30, loss: 0))
      x = editor.add(Op.Clip(), named: "clip", inputs: [convolution("b", x, gain: 1, loss: 1)] + bounds)
    case .residual:
      let a = rectified("a", convolution("a", x, gain: 1e30, loss: 0))
      let b = rectified("b", convolution("b", a, gain: 0, loss: -1))
      x = rectified("c", editor.add(Op.Add(), named: "sum", inputs: [convolution("c", b, gain: -1, loss: 0), a]))
    case .transposed:
      x = rectified("a", convolution("a", x, gain: 1e30, loss: 0))
      x = rectified("b", convolution("b", x, gain: 1, loss: 1, op: Op.ConvTranspose()))
    case .grouped:
      x = rectified("a", convolution("a", x, gain: 1e30, loss: 0))
      let ones = editor.add(.float(Tensor([1, 1], shape: [2, 1, 1, 1])), named: "d.w")
      x = rectified("b", convolution("b", x, gain: 1, loss: 1))
      x = rectified("d", editor.add(Op.Conv(group: 2), named: "d", inputs: [x, ones]))
    case .winograd:
      x = rectified("a", convolution("a", x, gain: 1e30, loss: 0, kernel: 3))
      x = rectified("b", convolution("b", x, gain: 1, loss: 1, kernel: 3, op: Op.Conv(window: Window(padding: .sameUpper))))
    case .deep:
      for layer in 0..<12 { x = rectified("a\(layer)", convolution("a\(layer)", x, gain: 1e3, loss: 0)) }
      x = rectified("b", convolution("b", x, gain: 1, loss: 1))
    case .pooled:
      x = convolution("b", rectified("a", convolution("a", x, gain: 1e30, loss: 0)), gain: 1, loss: 1)
      x = editor.add(
        Op.MaxPool(kernel: [3, 3], window: Window(strides: [2, 2], padding: .explicit(begin: [1, 1], end: [1, 1]))),
        named: "pool", inputs: [x])
    case .huge:
      x = rectified("a", convolution("a", x, gain: 1e38, loss: -1e38))
      x = rectified("b", convolution("b", x, gain: 1, loss: 1))
    }
    editor.outputs = [x]
    return try editor.graph()
  }

  private func output(
    _ graph: Graph, _ x: Tensor<Float>, fuses: Bool, isDifferentiable: Bool = false
  ) throws -> Tensor<Float> {
    useOneThreadHere()
    let builder = try PlanBuilder(graph, batch: x.shape[0])
    builder.allowsWinograd = fuses
    try builder.forward(keeping: fuses ? [] : Set(graph.nodes.flatMap(\.outputs)), isDifferentiable: isDifferentiable)
    let program = try Program(builder.finish())
    // A run that met NaN leaves nothing behind for the next.
    for image in [1, 0] {
      try program.setInput(
        "x",
        to: Tensor(
          Array(x.elements[(image * x.count / 2)...].prefix(x.count / 2)), shape: Shape([1] + x.shape.dimensions.dropFirst())))
      try program.run()
      let values = program.result(graph.outputs[0])
      let hasNaN = values.elements.contains { $0.isNaN }
      if fuses { #expect(hasNaN == (image == 1)) }
    }
    try program.setInput("x", to: x)
    try program.run()
    return program.result(graph.outputs[0])
  }

  @Test(arguments: Form.allCases, [false, true]) func staysNaN(form: Form, isDifferentiable: Bool) throws {
    let graph = try graph(form)
    let shape = OverflowTests.shape(form)
    var x = noise(Shape(shape), "x").map { 0.1 + abs($0) }
    // The second image alone is too large, in one position; elsewhere it is as the first.
    for channel in 0..<shape[1] { x.elements[((shape[1] + channel) * shape[2] + 1) * shape[3] + 2] = 1e9 }
    let expected = try output(graph, x, fuses: false)
    let ours = try output(graph, x, fuses: true, isDifferentiable: isDifferentiable)
    let (found, wanted) = (ours.elements.map(\.isNaN), expected.elements.map(\.isNaN))
    #expect(wanted.contains(true))
    #expect(found == wanted)
    let apart = zip(ours.elements, expected.elements).count { a, b in b.isFinite && !(abs(a - b) <= 1e-6 + 1e-5 * abs(b)) }
    #expect(apart == 0)
  }

  @Test func whatIsWithinBoundsIsNotMeasuredAgain() throws {
    // Twelve layers that keep magnitudes: the input alone is measured.
    var editor = GraphEditor(name: "calm")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(2), .fixed(4), .fixed(4)])]
    var x = "x"
    for layer in 0..<12 {
      let weight = editor.add(.float(Tensor([0.5, 0.5, -0.5, 0.5], shape: [2, 2, 1, 1])), named: "w\(layer)")
      x = editor.add(Op.Relu(), named: "r\(layer)", inputs: [editor.add(Op.Conv(), named: "c\(layer)", inputs: [x, weight])])
    }
    editor.outputs = [x]
    let builder = try PlanBuilder(editor.graph(), batch: 1)
    try builder.forward()
    #expect(builder.finish().measurementCount == 1)
  }
}
