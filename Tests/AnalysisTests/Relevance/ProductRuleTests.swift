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
  @Test func taylorAtASoftmax() throws {
    let found = try #require(try shares(Op.Softmax(axis: 1), .softmax, TaylorRule(), [x])[0])
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

  /// A sum or difference whose second operand is repeated: `± x R / (z + sign(z) ε)`, summed over the copies.
  @Test(arguments: [false, true]) func normOfWhatIsRepeated(isDifference: Bool) throws {
    let (epsilon, sign) = (0.125, isDifference ? -1.0 : 1.0)
    let op: any Networks.Operator = isDifference ? Op.Sub() : Op.Add()
    let rule = NormRule(Stabilizer(epsilon: Float(epsilon)))
    let area = ProductRuleTests.area
    let all = { (i: Int) in Double(x.elements[i]) + sign * Double(gate.elements[i / area]) }
    let quotients = x.elements.indices.map { Double(relevance.elements[$0]) / (all($0) + (all($0) < 0 ? -epsilon : epsilon)) }
    let found = try shares(op, isDifference ? .difference : .sum, rule, [x, gate])
    let map = Tensor(zip(x.elements, quotients).map { Double($0) * $1 }, shape: x.shape)
    expectClose(try #require(found[0]), map, Tolerance(relative: 1e-5), scaled: true, "map")
    let gates = gate.elements.indices.map { channel in
      sign * Double(gate.elements[channel]) * quotients[channel * area..<(channel + 1) * area].reduce(0, +)
    }
    expectClose(try #require(found[1]), Tensor(gates, shape: gate.shape), Tolerance(relative: 1e-5), scaled: true, "gates")
  }

  /// For `O = A V`: `A · (R / (2 O ± ε)) Vᵀ` and `V · Aᵀ (R / (2 O ± ε))`.
  @Test func uniformEpsilonOfMatrices() throws {
    let epsilon = 0.25
    let v = ProductRuleTests.random([2, 20, 3, 3], seed: 4)
    let found = try shares(Op.MatMul(), .matrixProduct, UniformEpsilonRule(Stabilizer(epsilon: Float(epsilon))), [x, v])
    var expected = [Tensor<Double>(repeating: 0, shape: x.shape), Tensor<Double>(repeating: 0, shape: x.shape)]
    for start in stride(from: 0, to: x.count, by: 9) {
      for i in 0..<3 {
        for j in 0..<3 {
          let terms = (0..<3).map { Double(x.elements[start + 3 * i + $0]) * Double(v.elements[start + 3 * $0 + j]) }
          let z = 2 * terms.reduce(0, +)
          let quotient = Double(relevance.elements[start + 3 * i + j]) / (z + (z < 0 ? -epsilon : epsilon))
          for k in 0..<3 {
            expected[0].elements[start + 3 * i + k] += terms[k] * quotient
            expected[1].elements[start + 3 * k + j] += terms[k] * quotient
          }
        }
      }
    }
    for (share, expected) in zip(found, expected) {
      expectClose(try #require(share), expected, Tolerance(relative: 1e-5), scaled: true, "operand")
    }
  }

  @Test func rulesOfOneKindOfNodeAreRefusedElsewhere() throws {
    for (rule, kind) in [(TaylorRule(), "a softmax"), (LayerNormRule(), "a layer norm"), (UniformEpsilonRule(), "a product")]
      as [(any Rule, String)]
    {
      do {
        _ = try shares(Op.Add(), .sum, rule, [x, x])
        Issue.record("\(rule) was accepted")
      } catch let error as EspalierError {
        #expect("\(error)".contains("needs \(kind)") && "\(error)".contains("'y'"), "\(error)")
      }
    }
  }
}
