import Analysis
import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// The rules in the engine, against zennit's numbers for single layers.
@Suite struct RuleTests {
  static func rules() throws -> [String: any Rule] {
    [
      "Epsilon(1e-6)": EpsilonRule(),
      "Epsilon(0.25)": EpsilonRule(0.25),
      "Epsilon(1e-6,zero bias)": EpsilonRule(ignoresBias: true),
      "Epsilon(Stabilizer eps=.1 clip)": EpsilonRule(Stabilizer(epsilon: 0.1, clips: true)),
      "Epsilon(Stabilizer eps=.1 norm_scale)": EpsilonRule(Stabilizer(epsilon: 0.1, isRelative: true)),
      "Gamma(0.25)": GammaRule(),
      "Gamma(0.5,zero bias)": GammaRule(gamma: 0.5, ignoresBias: true),
      "ZPlus": ZPlusRule(),
      "ZPlus(zero bias)": ZPlusRule(ignoresBias: true),
      "AlphaBeta(2,1)": try AlphaBetaRule(),
      "AlphaBeta(2,1,zero bias)": try AlphaBetaRule(ignoresBias: true),
      "AlphaBeta(1,0)": try AlphaBetaRule(alpha: 1, beta: 0),
      "WSquare": WSquareRule(),
      "WSquare(zero bias)": WSquareRule(ignoresBias: true),
      "Flat": FlatRule(),
      "ZBox(-3,3)": try ZBoxRule(low: [-3], high: [3]),
      "Norm": NormRule(),
    ]
  }

  /// Relevance at the input of a graph of one node.
  private func relevance(
    _ op: any Networks.Operator, x: Tensor<Double>, parameters: [Tensor<Double>], rule: any Rule, from r: Tensor<Double>
  ) throws -> Tensor<Float> {
    useOneThreadHere()
    var editor = GraphEditor(name: "layer")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: x.shape.dimensions.map { .fixed($0) })]
    let names = parameters.map { editor.add(.float($0.map(Float.init)), named: "p") }
    editor.outputs = [editor.add(op, named: "y", inputs: ["x"] + names)]
    let graph = try editor.graph()
    let builder = try PlanBuilder(graph, batch: x.shape[0])
    let all = Dictionary(uniqueKeysWithValues: LayerKind.allCases.map { ($0, rule) })
    let pass = try RelevancePass(graph, composite: Composite("test", rules: all), builder)
    try builder.forward(keeping: pass.keptValues(), isDifferentiable: true)
    let seed = builder.allocate(.plain(r.shape), name: "seed")
    builder.pin(seed)
    let arriving = try builder.reverse(from: ["y": seed], to: ["x"], rule: pass.cross)
    builder.keep(try builder.reorder(#require(arriving["x"]), to: .plain(x.shape)), as: "R")
    let program = try Program(builder.finish())
    try program.setInput("x", to: x.map(Float.init))
    program.pointer(seed).update(from: r.elements.map(Float.init), count: r.count)
    try program.run()
    return program.result("R")
  }

  @Test(arguments: ["linear", "conv_s2p1", "conv_groups_dil"])
  func layersAgreeWithZennit(name: String) throws {
    let layer = try #require(try GoldenRules.read().layers[name])
    let rules = try RuleTests.rules()
    #expect(Set(layer.R_in.keys) == Set(rules.keys))
    for (variant, rule) in rules {
      let result = try relevance(layer.op, x: layer.x.tensor, parameters: layer.parameters, rule: rule, from: layer.R_out.tensor)
      expectClose(
        result, try #require(layer.R_in[variant]).tensor, Tolerance(relative: 1e-4), scaled: true, "\(variant) of \(name)")
    }
  }

  @Test func averagePoolsAgreeWithZennit() throws {
    let pools = try GoldenRules.read().pool
    for (op, golden) in pools.cases {
      let result = try relevance(op, x: pools.x.tensor, parameters: [], rule: NormRule(), from: golden.R_out.tensor)
      expectClose(result, golden.R_in.tensor, Tolerance(relative: 1e-5), scaled: true, op.name)
    }
  }
}
