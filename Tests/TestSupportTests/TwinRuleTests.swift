import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct TwinRuleTests {
  static let rules: [String: TwinRule] = [
    "Epsilon(1e-6)": TwinRule(.epsilon),
    "Epsilon(0.25)": TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0.25)),
    "Epsilon(1e-6,zero bias)": TwinRule(.epsilon, zeroBias: true),
    "Epsilon(Stabilizer eps=.1 clip)": TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0.1, clips: true)),
    "Epsilon(Stabilizer eps=.1 norm_scale)": TwinRule(.epsilon, stabilizer: TwinStabilizer(epsilon: 0.1, scalesByNorm: true)),
    "Gamma(0.25)": TwinRule(.gamma(0.25)),
    "Gamma(0.5,zero bias)": TwinRule(.gamma(0.5), zeroBias: true),
    "ZPlus": TwinRule(.zPlus),
    "ZPlus(zero bias)": TwinRule(.zPlus, zeroBias: true),
    "AlphaBeta(2,1)": TwinRule(.alphaBeta(alpha: 2, beta: 1)),
    "AlphaBeta(2,1,zero bias)": TwinRule(.alphaBeta(alpha: 2, beta: 1), zeroBias: true),
    "AlphaBeta(1,0)": TwinRule(.alphaBeta(alpha: 1, beta: 0)),
    "WSquare": TwinRule(.wSquare),
    "WSquare(zero bias)": TwinRule(.wSquare, zeroBias: true),
    "Flat": TwinRule(.flat),
    "ZBox(-3,3)": TwinRule(.zBox(low: [-3], high: [3])),
    "Norm": TwinRule(.norm),
  ]

  /// The data are rounded to twelve digits, which a denominator near zero magnifies.
  static let tolerance = Tolerance(relative: 4e-9)

  /// A graph of one node on an input of any shape.
  static func twin(_ op: any Networks.Operator, x: Tensor<Double>, parameters: [Tensor<Double>] = []) throws -> Twin {
    var editor = GraphEditor(name: "layer")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: x.shape.dimensions.map { .fixed($0) })]
    let names = parameters.map { editor.add(.float($0.map(Float.init)), named: "p") }
    editor.outputs = [editor.add(op, named: "y", inputs: ["x"] + names)]
    var twin = Twin(try editor.graph())
    for (name, parameter) in zip(names, parameters) { twin.parameters[name] = parameter }
    return twin
  }

  @Test(arguments: ["linear", "conv_s2p1", "conv_groups_dil"])
  func layersAgreeWithZennit(name: String) throws {
    let layer = try #require(try GoldenRules.read().layers[name])
    #expect(Set(layer.R_in.keys) == Set(TwinRuleTests.rules.keys))
    let relevance = TwinRelevance(try TwinRuleTests.twin(layer.op, x: layer.x.tensor, parameters: layer.parameters))
    for (variant, rule) in TwinRuleTests.rules {
      let result = relevance.propagate(["x": layer.x.tensor], composite: .uniform(rule)) { _ in layer.R_out.tensor }
      expectClose(try #require(result.values["y"]), layer.y.tensor, Tolerance(absolute: 1e-10), "y of \(name)")
      let expected = try #require(layer.R_in[variant]).tensor
      expectClose(
        try #require(result.relevance["x"]), expected, TwinRuleTests.tolerance, scaled: true, "\(variant) of \(name)")
    }
  }

  @Test func averagePoolsAgreeWithZennit() throws {
    let pools = try GoldenRules.read().pool
    let x = pools.x.tensor
    for (op, golden) in pools.cases {
      let relevance = TwinRelevance(try TwinRuleTests.twin(op, x: x))
      let result = relevance.propagate(["x": x], composite: .epsilonPlus) { _ in golden.R_out.tensor }
      expectClose(try #require(result.relevance["x"]), golden.R_in.tensor, Tolerance(absolute: 1e-11), op.name)
    }
  }
}
