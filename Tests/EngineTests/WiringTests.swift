import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// A small graph that is wired in a way that fusion or gradients could get wrong.
struct Wiring: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let graph: Graph

  init(_ name: String, _ build: (inout GraphEditor) -> [String]) {
    var editor = GraphEditor(name: name)
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(8), .fixed(5), .fixed(5)])]
    editor.outputs = build(&editor)
    do { graph = try editor.graph() } catch { preconditionFailure("\(error)") }
    testDescription = name
  }

  static let all: [Wiring] = [
    Wiring("input is the output") { _ in ["x"] },
    Wiring("convolution is an output and is read") { g in
      let a = g.convolution("x", "a")
      return [a, g.add(Op.Relu(), named: "r", inputs: [a])]
    },
    Wiring("bounds that cross behind a convolution") { g in
      let bounds = [g.add(.float(Tensor(scalar: 6)), named: "low"), g.add(.float(Tensor(scalar: 0)), named: "high")]
      return [g.convolution(g.add(Op.Clip(), named: "c", inputs: [g.convolution("x", "a")] + bounds), "b")]
    },
    Wiring("a lower bound above 0 behind a convolution") { g in
      let low = g.add(.float(Tensor(scalar: 0.5)), named: "low")
      return [g.convolution(g.add(Op.Clip(), named: "c", inputs: [g.convolution("x", "a", to: 5), low]), "b", from: 5)]
    },
    Wiring("shared weights") { g in
      let a = g.convolution("x", "a")
      let b = g.add(Op.Conv(window: same), named: "b", inputs: [a, "a.weight", "a.bias"])
      return [g.add(Op.Relu(), named: "r", inputs: [b])]
    },
    Wiring("shortcut is read again") { g in
      let stem = g.add(Op.Relu(), named: "stem", inputs: [g.convolution("x", "s")])
      let sum = g.add(Op.Add(), named: "sum", inputs: [g.convolution(stem, "a"), stem])
      return [g.add(Op.Mul(), named: "m", inputs: [sum, stem])]
    },
    Wiring("two blocks over one shortcut") { g in
      let stem = g.convolution("x", "s")
      let first = g.add(Op.Add(), named: "sum1", inputs: [stem, g.convolution(stem, "a")])
      let second = g.add(
        Op.Relu(), named: "r", inputs: [g.add(Op.Add(), named: "sum2", inputs: [g.convolution(first, "b"), first])])
      return [g.add(Op.Add(), named: "sum3", inputs: [g.convolution(second, "c"), second])]
    },
    Wiring("shortcut is an output") { g in
      let stem = g.convolution("x", "s")
      return [g.add(Op.Add(), named: "sum", inputs: [g.convolution(stem, "a"), stem]), stem]
    },
    Wiring("shortcut is seen under another name") { g in
      let stem = g.convolution("x", "s")
      let same = g.add(Op.Identity(), named: "i", inputs: [stem])
      let sum = g.add(Op.Add(), named: "sum", inputs: [g.convolution(g.convolution(stem, "a"), "b"), stem])
      return [g.add(Op.Mul(), named: "m", inputs: [sum, same])]
    },
    Wiring("both summands are convolutions") { g in
      [
        g.add(
          Op.Relu(), named: "r",
          inputs: [g.add(Op.Add(), named: "sum", inputs: [g.convolution("x", "a"), g.convolution("x", "b")])])
      ]
    },
    Wiring("shortcut was reordered before it is overwritten") { g in
      let stem = g.convolution("x", "s")
      let moved = g.add(Op.Transpose(permutation: [0, 1, 3, 2]), named: "t", inputs: [stem])
      let sum = g.add(Op.Add(), named: "sum", inputs: [g.convolution(g.convolution(stem, "a"), "b"), stem])
      return [g.add(Op.Transpose(permutation: [0, 1, 3, 2]), named: "t2", inputs: [sum]), moved]
    },
    Wiring("summand of another shape") { g in
      let mean = g.add(Op.GlobalAveragePool(), named: "mean", inputs: ["x"])
      return [g.add(Op.Add(), named: "sum", inputs: [g.convolution("x", "a"), mean])]
    },
    Wiring("both operands are one value") { g in
      let a = g.convolution("x", "a")
      return [g.add(Op.Mul(), named: "square", inputs: [g.add(Op.Add(), named: "twice", inputs: [a, a]), a])]
    },
    Wiring("many readers") { g in
      let a = g.convolution("x", "a")
      let parts = ["b", "c", "d"].map { g.add(Op.Relu(), named: "r" + $0, inputs: [g.convolution(a, $0)]) }
      return [g.add(Op.Sum(), named: "sum", inputs: parts + [a])]
    },
    Wiring("sigmoid gate over padded channels") { g in
      let narrow = g.convolution("x", "a", to: 5)
      let gate = g.add(Op.Sigmoid(), named: "gate", inputs: [narrow])
      let gated = g.add(Op.Mul(), named: "gated", inputs: [g.add(Op.Relu(), named: "r", inputs: [gate]), narrow])
      return [g.convolution(gated, "b", from: 5)]
    },
    Wiring("quotient over padded channels") { g in
      let narrow = g.convolution("x", "a", to: 5)
      let positive = g.add(Op.Sigmoid(), named: "positive", inputs: [g.convolution("x", "p", to: 5)])
      return [g.convolution(g.add(Op.Div(), named: "quotient", inputs: [narrow, positive]), "b", from: 5)]
    },
    Wiring("squeeze and excitation") { g in
      let a = g.add(Op.Relu(), named: "ra", inputs: [g.convolution("x", "a")])
      let mean = g.add(Op.GlobalAveragePool(), named: "mean", inputs: [a])
      let gate = g.add(
        Op.HardSigmoid(), named: "gate", inputs: [g.add(Op.Conv(), named: "c", inputs: [mean, g.weight("c", [8, 8, 1, 1])])])
      return [g.add(Op.Mul(), named: "scaled", inputs: [a, gate])]
    },
    Wiring("mean and classifier") { g in
      let axes = g.add(.integers([2, 3]), named: "axes")
      let mean = g.add(Op.ReduceMean(keepsAxes: false), named: "mean", inputs: [g.convolution("x", "a"), axes])
      return [g.add(Op.Softmax(), named: "p", inputs: [g.add(Op.Gemm(), named: "fc", inputs: [mean, g.weight("fc", [8, 3])])])]
    },
    Wiring("an empty part") { g in
      let bounds = [0, 0, 1].enumerated().map { g.add(.integers([$1]), named: "n\($0)") }
      let none = g.add(Op.Slice(), named: "none", inputs: ["x", bounds[0], bounds[1], bounds[2]])
      return [g.add(Op.Concat(axis: 1), named: "all", inputs: [none, g.convolution("x", "a")])]
    },
    Wiring("batch norm between other layers") { g in
      let pooled = g.add(Op.MaxPool(kernel: [2, 2]), named: "pool", inputs: [g.convolution("x", "a", to: 11)])
      let parameters = ["g", "b", "m"].map { g.weight($0, [11]) }
      let variance = g.add(.float(Tensor(repeating: 0.5, shape: [11])), named: "v")
      let norm = g.add(Op.BatchNormalization(), named: "bn", inputs: [pooled] + parameters + [variance])
      return [g.add(Op.Relu(), named: "r", inputs: [norm])]
    },
  ]
}

private let same = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))

extension GraphEditor {
  fileprivate mutating func weight(_ name: String, _ shape: Shape) -> String {
    add(.float(noise(shape, name).map { $0 / 4 }), named: name + ".weight")
  }

  fileprivate mutating func convolution(_ x: String, _ name: String, from channels: Int = 8, to filters: Int = 8) -> String {
    let weight = weight(name, [filters, channels, 3, 3])
    return add(
      Op.Conv(window: same), named: name, inputs: [x, weight, add(.float(noise([filters], name)), named: name + ".bias")])
  }
}

@Suite struct WiringTests {
  @Test(arguments: Wiring.all) func forwardAgreesWithTheTwin(_ wiring: Wiring) throws {
    let x = noise([3, 8, 5, 5], "x")
    let values = Twin(wiring.graph).forward(["x": x.doubles])
    for kept in [[], Set(wiring.graph.nodes.flatMap(\.outputs))] {
      for (name, result) in try run(wiring.graph, ["x": x], batch: 3, keeping: kept) {
        expectClose(result, values[name]!, single, scaled: true, name + (kept.isEmpty ? ", fused" : ""))
      }
    }
  }

  @Test(arguments: Wiring.all) func gradientsAgreeWithTheTwin(_ wiring: Wiring) throws {
    let graph = wiring.graph
    let x = noise([3, 8, 5, 5], "x")
    let twin = Twin(graph)
    let values = twin.forward(["x": x.doubles])
    let seeds = Dictionary(uniqueKeysWithValues: graph.outputs.map { ($0, noise(values[$0]!.shape, "∂" + $0)) })
    let expected = twin.backward(values: values, outputGradients: seeds.mapValues(\.doubles))
    let wanted = ["x"] + graph.floatConstants.keys.filter { $0.hasSuffix(".weight") && $0 != "m.weight" || $0.hasSuffix(".bias") }
    for names in [wanted, ["x"]] {
      let differentiated = try Differentiated(graph, batch: 3, from: graph.outputs, to: names)
      #expect(differentiated.reached == names.sorted())
      let program = try Program(differentiated.plan)
      try program.setInput("x", to: x)
      differentiated.seed(program, seeds)
      try program.run()
      for name in differentiated.reached {
        expectClose(program.result("∂" + name), expected[name]!, single, scaled: true, "∂" + name)
      }
    }
  }
}
