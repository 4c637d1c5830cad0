import Networks
import TestSupport
import Tensors
import Testing

/// Activations that are written out become one operator, whatever the order and the positions of their constants.
@Suite struct ActivationRecognitionTests {
  /// A form, and what it is.
  struct Form: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let op: any Networks.Operator
    let bounds: [Float?]
    let build: @Sendable (inout Writer, String) -> String

    init(
      _ name: String, _ op: any Networks.Operator, bounds: [Float?] = [],
      _ build: @escaping @Sendable (inout Writer, String) -> String
    ) {
      (testDescription, self.op, self.bounds, self.build) = (name, op, bounds, build)
    }
  }

  /// Writes expressions as nodes.
  struct Writer {
    var graph = TestGraph([3, 4, 4])

    mutating func number(_ value: Float, _ shape: Shape = []) -> String {
      graph.editor.add(.float(Tensor(repeating: value, shape: shape)), named: "number")
    }
    mutating func add(_ a: String, _ b: Float) -> String { graph.add(Op.Add(), a, number(b)) }
    mutating func add(_ a: Float, _ b: String) -> String { graph.add(Op.Add(), number(a, [1]), b) }
    mutating func add(_ a: String, _ b: String) -> String { graph.add(Op.Add(), a, b) }
    mutating func sub(_ a: String, _ b: String) -> String { graph.add(Op.Sub(), a, b) }
    mutating func mul(_ a: String, _ b: String) -> String { graph.add(Op.Mul(), a, b) }
    mutating func mul(_ a: String, _ b: Float) -> String { graph.add(Op.Mul(), a, number(b, [1, 1, 1, 1])) }
    mutating func mul(_ a: Float, _ b: String) -> String { graph.add(Op.Mul(), number(a), b) }
    mutating func div(_ a: String, _ b: Float) -> String { graph.add(Op.Div(), a, number(b)) }
    mutating func div(_ a: String, _ b: String) -> String { graph.add(Op.Div(), a, b) }
    mutating func one(_ op: any Networks.Operator, _ x: String) -> String { graph.add(op, x) }
    mutating func clip(_ x: String, _ low: Float, _ high: Float) -> String { graph.add(Op.Clip(), x, number(low), number(high)) }
    mutating func min(_ a: String, _ b: Float) -> String { graph.add(Op.Min(), a, number(b)) }
    mutating func max(_ a: Float, _ b: String) -> String { graph.add(Op.Max(), number(a), b) }
    mutating func sigmoid(_ x: String) -> String { one(Op.Sigmoid(), x) }
    mutating func erf(_ x: String) -> String { one(Op.Erf(), x) }
    mutating func softplus(_ x: String) -> String { one(Op.Log(), add(1, one(Op.Exp(), x))) }
    mutating func cube(_ x: String) -> String { mul(mul(x, x), x) }
    mutating func relu6(_ x: String) -> String { min(max(0, x), 6) }
  }

  static let forms: [Form] = [
    Form("SiLU", Op.Swish()) { g, x in g.mul(x, g.sigmoid(x)) },
    Form("SiLU, gate first", Op.Swish()) { g, x in g.mul(g.sigmoid(x), x) },
    Form("SiLU by division", Op.Swish()) { g, x in g.div(x, g.add(1, g.one(Op.Exp(), g.one(Op.Neg(), x)))) },
    Form("quick GELU", Op.Swish(alpha: 1.702)) { g, x in g.mul(x, g.sigmoid(g.mul(1.702, x))) },
    Form("hard swish", Op.HardSwish()) { g, x in g.div(g.mul(x, g.clip(g.add(x, 3), 0, 6)), 6) },
    Form("hard swish, divided inside", Op.HardSwish()) { g, x in g.mul(x, g.div(g.clip(g.add(3, x), 0, 6), 6)) },
    Form("hard swish, times a sixth", Op.HardSwish()) { g, x in g.mul(g.mul(1.0 / 6, g.clip(g.add(x, 3), 0, 6)), x) },
    Form("hard swish, x divided", Op.HardSwish()) { g, x in g.mul(g.div(x, 6), g.clip(g.add(x, 3), 0, 6)) },
    Form("hard swish, rounded", Op.HardSwish()) { g, x in g.mul(g.mul(x, g.clip(g.add(x, 3), 0, 6)), 0.16667) },
    Form("hard swish by Min and Max", Op.HardSwish()) { g, x in g.mul(x, g.div(g.relu6(g.add(x, 3)), 6)) },
    Form("hard swish by HardSigmoid", Op.HardSwish()) { g, x in g.mul(x, g.one(Op.HardSigmoid(alpha: 1.0 / 6, beta: 0.5), x)) },
    Form("hard sigmoid", Op.HardSigmoid(alpha: 1.0 / 6, beta: 0.5)) { g, x in g.div(g.clip(g.add(x, 3), 0, 6), 6) },
    Form("hard sigmoid by slope", Op.HardSigmoid(alpha: 0.2, beta: 0.5)) { g, x in g.clip(g.add(g.mul(0.2, x), 0.5), 0, 1) },
    Form("GELU", Op.Gelu()) { g, x in g.mul(g.mul(x, g.add(g.erf(g.div(x, Float(2).squareRoot())), 1)), 0.5) },
    Form("GELU, half first", Op.Gelu()) { g, x in g.mul(g.mul(0.5, x), g.add(1, g.erf(g.mul(x, 0.70710678)))) },
    Form("GELU, half inside", Op.Gelu()) { g, x in g.mul(x, g.mul(0.5, g.add(1, g.erf(g.mul(0.7071, x))))) },
    Form("GELU, halves added", Op.Gelu()) { g, x in g.mul(x, g.add(g.mul(g.erf(g.div(x, 1.4142135)), 0.5), 0.5)) },
    Form("GELU by tanh", Op.Gelu(approximatesByTanh: true)) { g, x in
      let inner = g.mul(g.add(x, g.mul(0.044715, g.cube(x))), 0.7978845608)
      return g.mul(g.mul(0.5, x), g.add(1, g.one(Op.Tanh(), inner)))
    },
    Form("GELU by tanh and power", Op.Gelu(approximatesByTanh: true)) { g, x in
      let power = g.graph.add(Op.Pow(), x, g.number(3))
      let inner = g.mul(0.7978846, g.add(x, g.mul(power, 0.044715)))
      return g.mul(x, g.mul(0.5, g.add(g.one(Op.Tanh(), inner), 1)))
    },
    Form("Mish", Op.Mish()) { g, x in g.mul(x, g.one(Op.Tanh(), g.one(Op.Softplus(), x))) },
    Form("Mish by logarithm", Op.Mish()) { g, x in g.mul(g.one(Op.Tanh(), g.softplus(x)), x) },
    Form("softplus", Op.Softplus()) { g, x in g.softplus(x) },
    Form("softsign", Op.Softsign()) { g, x in g.div(x, g.add(1, g.one(Op.Abs(), x))) },
    Form("ReLU6", Op.Clip(), bounds: [0, 6]) { g, x in g.relu6(x) },
    Form("ReLU6 from above", Op.Clip(), bounds: [0, 6]) { g, x in g.max(0, g.min(x, 6)) },
    Form("ReLU6 behind a rectifier", Op.Clip(), bounds: [0, 6]) { g, x in g.min(g.one(Op.Relu(), x), 6) },
    Form("rectifier", Op.Relu()) { g, x in g.max(0, x) },
    Form("leaky rectifier", Op.LeakyRelu(alpha: 0.1)) { g, x in g.graph.add(Op.Max(), g.mul(0.1, x), x) },
    Form("leaky rectifier by parts", Op.LeakyRelu(alpha: 0.25)) { g, x in
      g.sub(g.one(Op.Relu(), x), g.mul(0.25, g.one(Op.Relu(), g.one(Op.Neg(), x))))
    },
    Form("leaky rectifier by choice", Op.LeakyRelu(alpha: 0.2)) { g, x in
      let positive = g.graph.add(Op.Greater(), x, g.number(0))
      return g.graph.add(Op.Where(), positive, x, g.mul(x, 0.2))
    },
    Form("ELU", Op.Elu(alpha: 0.5)) { g, x in
      let below = g.mul(0.5, g.add(g.one(Op.Exp(), g.min(x, 0)), -1))
      return g.add(g.one(Op.Relu(), x), below)
    },
    Form("sigmoid", Op.Sigmoid()) { g, x in g.one(Op.Reciprocal(), g.add(1, g.one(Op.Exp(), g.one(Op.Neg(), x)))) },
    Form("tanh", Op.Tanh()) { g, x in g.add(g.mul(2, g.sigmoid(g.mul(2, x))), -1) },
  ]

  @Test(arguments: forms) func becomesOneOperator(_ form: Form) throws {
    // Between convolutions, whose weights a factor at the end could be folded into.
    var writer = Writer()
    let x = writer.graph.conv("input", 3, 5, named: "first")
    let y = form.build(&writer, x)
    let graph = try writer.graph.graph(writer.graph.conv(y, 5, 2, named: "second"))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", form.op.name, "Conv"])
    let found = canonized.nodes[1]
    let numbers = found.inputs.dropFirst().map { $0.flatMap { canonized.constants[$0]?.floats?.elements.first } }
    if form.op is Op.Clip {
      #expect(numbers == form.bounds)
    } else if let expected = form.op as? any ElementwiseOperator, let op = found.op as? any ElementwiseOperator {
      for position in [-2.5, -0.7, 0.3, 1.9] { #expect(abs(op.value(position) - expected.value(position)) < 1e-6) }
    }
    #expect(graph.node(id: found.id) != nil)
    // Rounded constants stand for what they were rounded from.
    for (actual, expected) in zip(canonized.twinOutputs(batch: 2), graph.twinOutputs(batch: 2)) {
      expectClose(actual, expected, Tolerance(absolute: 1e-4, relative: 1e-4), scaled: true)
    }
    #expect(try canonized.canonized().operators == canonized.operators)
  }

  @Test func theResultOfAGraphKeepsItsName() throws {
    var writer = Writer()
    let x = writer.graph.conv("input", 3, 5)
    let graph = try writer.graph.graph(writer.mul(x, writer.sigmoid(x)))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", "Swish"])
    try expectSame(canonized, graph)
  }

  @Test func whatOthersReadStays() throws {
    var writer = Writer()
    let x = writer.graph.conv("input", 3, 5)
    let gate = writer.sigmoid(x)
    let graph = try writer.graph.graph(writer.add(writer.mul(x, gate), gate))
    let canonized = try graph.canonized()
    #expect(Set(canonized.operators) == ["Conv", "Sigmoid", "Swish", "Add"])
    try expectSame(canonized, graph)
  }

  /// Gates, squares and linear functions are no activations.
  @Test func othersStayAsTheyAre() throws {
    let builds: [(inout Writer, String) -> String] = [
      { g, x in g.mul(x, g.sigmoid(g.graph.conv(x, 5, 5, named: "gate"))) },
      { g, x in g.mul(x, x) },
      { g, x in g.mul(g.mul(g.one(Op.Tanh(), x), 0.99), g.one(Op.Sigmoid(), x)) },
      { g, x in g.mul(x, g.graph.add(Op.Sigmoid(), g.graph.add(Op.Mul(), x, g.graph.weight("beta", [5, 1, 1])))) },
      { g, x in g.add(g.one(Op.Relu(), x), g.one(Op.Relu(), g.one(Op.Neg(), x))) },
      { g, x in g.graph.add(Op.Min(), x, g.graph.weight("bounds", [5, 1, 1])) },
    ]
    for build in builds {
      var writer = Writer()
      let x = writer.graph.conv("input", 3, 5)
      let graph = try writer.graph.graph(build(&writer, x))
      let recognised = try ActivationRecognition().canonize(graph)
      #expect(recognised.operators == graph.operators)
    }
  }

  @Test func linearLayersOnTokensTakeUpTheirBias() throws {
    for biasFirst in [false, true] {
      var b = TestGraph([6, 5])
      let product = b.add(Op.MatMul(), "input", b.weight("w", [5, 7]))
      let bias = b.weight("b", [7])
      let sum = biasFirst ? b.add(Op.Add(), bias, product) : b.add(Op.Add(), product, bias)
      let graph = try b.graph(b.add(Op.Relu(), sum))
      let canonized = try graph.canonized()
      #expect(canonized.nodes.map { $0.op is Op.TokenLinear } == [true, false])
      #expect(canonized.nodes[0].inputs.count == 3)
      #expect(canonized.linearLayers.count == 1)
      try expectSame(canonized, graph)
    }
  }

  @Test func expressionsOfConstantsAreFolded() throws {
    // torch's weight_norm: g · v / ‖v‖, and weight standardisation.
    var b = TestGraph([3, 4, 4])
    let v = b.weight("v", [5, 3, 3, 3])
    let norm = b.add(Op.ReduceL2(), v, b.integers([1, 2, 3]))
    let normed = b.add(Op.Mul(), v, b.add(Op.Div(), b.weight("g", [5, 1, 1, 1]), norm))
    let centred = b.add(Op.Sub(), normed, b.add(Op.ReduceMean(), normed, b.integers([1, 2, 3])))
    let two = b.editor.add(.float(Tensor(scalar: 2)), named: "two")
    let squares = b.add(Op.ReduceSum(), b.add(Op.Pow(), centred, two), b.integers([1, 2, 3]))
    let standardised = b.add(Op.Conv(), "input", b.add(Op.Div(), centred, b.add(Op.Sqrt(), squares)))
    let graph = try b.graph(standardised)
    #expect(try graph.canonized().operators == ["Conv"])
    try expectSame(graph.canonized(), graph)
    var simple = TestGraph([3, 4, 4])
    let stored = simple.weight("v", [5, 3, 3, 3])
    let unit = simple.add(Op.Div(), stored, simple.add(Op.ReduceL2(), stored, simple.integers([1, 2, 3])))
    let chosen = simple.add(Op.Where(), simple.add(Op.Greater(), unit, simple.weight("bound", [1])), unit, stored)
    let whole = try simple.graph(simple.add(Op.Conv(), "input", simple.add(Op.Exp(), simple.add(Op.Erf(), chosen))))
    let canonized = try whole.canonized()
    #expect(canonized.operators == ["Conv"])
    try expectSame(canonized, whole)
  }
}
