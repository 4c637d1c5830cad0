import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Activations that are computed eight numbers at once, over the whole range and at its ends.
@Suite struct VectorMathTests {
  @Test(arguments: ["exp", "sigmoid", "tanh", "gelu", "swish"])
  func isWithinItsBounds(name: String) throws {
    let (op, function): (any Networks.Operator, (Double) -> Double) =
      switch name {
      case "exp": (Op.Exp(), { exp($0) })
      case "sigmoid": (Op.Sigmoid(), { 1 / (1 + exp(-$0)) })
      case "tanh": (Op.Tanh(), { tanh($0) })
      case "gelu": (Op.Gelu(), { 0.5 * $0 * erfc(-$0 * 0.5.squareRoot()) })
      default: (Op.Swish(), { $0 / (1 + exp(-$0)) })
      }
    // No multiple of eight; the last eight are filled up.
    let values = (0...20_002).map { Float($0 - 10_000) / 115 } + [1e-20, -1e-6, 0, -0.0, 88.7, -87.3]
    let x = Tensor(values, shape: [1, values.count])
    let y = try #require(try outputs(op, x)["y"])
    for (value, result) in zip(values, y.elements) {
      let expected = function(Double(value))
      // In the tail of a normal distribution the rounding of x² is that of an exponent.
      let share = name == "gelu" && value < 0 ? 3e-6 + 1.2e-7 * Double(value) * Double(value) : 3e-6
      let bound = max(share * abs(expected), 2e-37)
      #expect(abs(Double(result) - expected) <= bound, "\(name) of \(value) is \(result), not \(expected)")
    }
  }

  @Test func whatIsNotFiniteStaysSo() throws {
    let x = Tensor<Float>([.nan, .infinity, -.infinity, 1, .nan, 200, -200, 0, .nan], shape: [1, 9])
    let exponentials = try #require(try outputs(Op.Exp(), x)["y"]).elements
    let isNaN = [true, false, false, false, true, false, false, false, true]
    #expect(exponentials.map(\.isNaN) == isNaN)
    #expect(exponentials[1] == .infinity && exponentials[2] == 0 && exponentials[5] == .infinity && exponentials[6] == 0)
    for (op, ends) in [(Op.Sigmoid() as any Networks.Operator, [1, 0]), (Op.Tanh(), [1, -1])]
      as [(any Networks.Operator, [Float])]
    {
      let results = try #require(try outputs(op, x)["y"]).elements
      #expect(results.map(\.isNaN) == isNaN, "\(op.name)")
      #expect([results[1], results[2]] == ends && [results[5], results[6]] == ends, "\(op.name)")
    }
  }

  private func outputs(_ op: any Networks.Operator, _ x: Tensor<Float>) throws -> [String: Tensor<Float>] {
    var editor = GraphEditor(name: "function")
    let input = editor.freshName("x")
    editor.inputs = [GraphInput(name: input, dimensions: [.symbolic("N"), .fixed(x.shape[1])])]
    editor.outputs = [editor.add(op, named: "y", inputs: [input])]
    return try run(editor.graph(), ["x": x], batch: 1)
  }
}
