import Analysis
import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// The rules for nodes without weights that other libraries have, against their closed forms.
@Suite struct ProductRuleTests {
  private static let (n, c, area) = (2, 20, 9)
  private let x = ProductRuleTests.random([2, 20, 3, 3], seed: 1)
  private let relevance = ProductRuleTests.random([2, 20, 3, 3], seed: 2)
  /// Gates, one a channel.
  private let gate = ProductRuleTests.random([2, 20, 1, 1], seed: 3)

  private static func random(_ shape: Shape, seed: UInt64) -> Tensor<Float> {
    var generator = Philox(seed: seed)
    return Tensor((0..<shape.count).map { _ in Float(generator.normal()) }, shape: shape)
  }

  /// The relevance that reaches each input of a node.
  private func shares(_ op: any Networks.Operator, _ kind: LayerKind, _ rule: any Rule, _ inputs: [Tensor<Float>]) throws
    -> [Tensor<Float>?]
  {
    useOneThreadHere()
    var editor = GraphEditor(name: "node")
    let names = inputs.indices.map { editor.freshName("x\($0)") }
    editor.inputs = zip(names, inputs).map { GraphInput(name: $0, dimensions: $1.shape.dimensions.map { .fixed($0) }) }
    editor.outputs = [editor.add(op, named: "y", inputs: names)]
    let graph = try editor.graph()
    let builder = try PlanBuilder(graph, batch: ProductRuleTests.n)
    let pass = try RelevancePass(graph, composite: Composite("test", rules: [kind: rule]), builder)
    try builder.forward(keeping: pass.keptValues().union(["y"]), isDifferentiable: true)
    let seed = builder.allocate(.plain(relevance.shape), name: "seed")
    builder.pin(seed)
    let arriving = try builder.reverse(from: ["y": seed], to: Set(names), rule: pass.cross)
    for (name, slot) in arriving { builder.keep(try builder.reorder(slot, to: .plain(builder.shape(of: name))), as: name + ".R") }
    let program = try Program(builder.finish())
    for (name, value) in zip(names, inputs) { try program.setInput(name, to: value) }
    program.pointer(seed).update(from: relevance.elements, count: relevance.count)
    try program.run()
    return names.map { arriving[$0] == nil ? nil : program.result($0 + ".R") }
  }

  /// The sum over space.
  private var sums: [Double] {
    (0..<gate.count).map { channel in
      relevance.elements[channel * ProductRuleTests.area..<(channel + 1) * ProductRuleTests.area].reduce(0) { $0 + Double($1) }
    }
  }

  @Test(arguments: [false, true]) func uniform(gateComesFirst: Bool) throws {
    let inputs = gateComesFirst ? [gate, x] : [x, gate]
    let found = try shares(Op.Mul(), .product, UniformRule(), inputs)
    let map = try #require(found[gateComesFirst ? 1 : 0]), gates = try #require(found[gateComesFirst ? 0 : 1])
    #expect(map == relevance.map { $0 / 2 })
    expectClose(gates, Tensor(sums.map { $0 / 2 }, shape: gate.shape), Tolerance(absolute: 1e-6, relative: 1e-6), "gate")
    let total = try shares(Op.Sum(), .sum, UniformRule(), [x, x.map { -$0 }, relevance])
    for share in total { expectClose(try #require(share), relevance.map { Double($0) / 3 }, Tolerance(relative: 1e-6), "sum") }
  }

  @Test(arguments: [false, true]) func passAndStop(gateComesFirst: Bool) throws {
    let inputs = gateComesFirst ? [gate, x] : [x, gate]
    let passed = try shares(Op.Mul(), .product, PassRule(), inputs)
    #expect(passed[gateComesFirst ? 1 : 0] == relevance && passed[gateComesFirst ? 0 : 1] == nil)
    #expect(try shares(Op.Mul(), .product, StopRule(), inputs).allSatisfy { $0 == nil })
  }

  /// `x (R − y ΣR)`.
  @Test func normAtASoftmaxIsItsDeepTaylorDecomposition() throws {
    let found = try #require(try shares(Op.Softmax(axis: 1), .other, NormRule(Stabilizer(epsilon: 0)), [x])[0])
    let (n, c, area) = (ProductRuleTests.n, ProductRuleTests.c, ProductRuleTests.area)
    var expected = Tensor<Double>(repeating: 0, shape: x.shape)
    for sample in 0..<n {
      for position in 0..<area {
        let at = (0..<c).map { (sample * c + $0) * area + position }
        let exponentials = at.map { exp(Double(x.elements[$0])) }
        let (norm, total) = (exponentials.reduce(0, +), at.reduce(0) { $0 + Double(relevance.elements[$1]) })
        for (i, e) in zip(at, exponentials) {
          expected.elements[i] = Double(x.elements[i]) * (Double(relevance.elements[i]) - e / norm * total)
        }
      }
    }
    expectClose(found, expected, Tolerance(relative: 1e-5), scaled: true, "softmax")
  }
}
