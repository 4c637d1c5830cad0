import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// Networks drawn anew, against the closed forms of their distributions.
@Suite struct ReinitialisationTests {
  /// A grouped, a depthwise and a transposed convolution, linear layers in every order, norms, a slope, and constants that are not
  /// trained, in front and behind.
  private func network() throws -> Graph {
    var test = TestGraph([12, 6, 6])
    let prepared = test.add(Op.Mul(), "input", test.weight("deviations", [12, 1, 1], around: 1))
    var x = test.conv(prepared, 12, 96, named: "plain")
    x = test.norm(x, 96, named: "bn")
    x = test.conv(x, 96, 192, group: 4, named: "grouped")
    x = test.add(Op.PRelu(), x, test.weight("slope", [192, 1, 1]))
    x = test.conv(x, 192, 192, group: 192, named: "depthwise")
    x = test.add(
      Op.ConvTranspose(group: 2), x, test.weight("transposed.weight", [192, 40, 2, 2]), test.weight("transposed.bias", [80]))
    x = test.add(Op.GlobalAveragePool(), x)
    x = test.add(Op.Flatten(), x)
    x = test.add(
      Op.Gemm(transposeB: true), x, test.weight("linear.weight", [300, 80]), test.weight("linear.bias", [300]))
    x = test.add(Op.Gemm(), x, test.weight("straight.weight", [300, 70]))
    x = test.add(Op.LayerNormalization(), x, test.weight("ln.weight", [70]), test.weight("ln.bias", [70]))
    x = test.add(Op.Mul(), x, test.editor.add(.float(Tensor(scalar: 0.5)), named: "half"))
    x = test.add(Op.MatMul(), x, test.weight("product.weight", [70, 200]))
    x = test.add(Op.Add(), x, test.weight("product.bias", [200]))
    test.editor.metadata["of"] = "something"
    return try test.graph(x)
  }

  /// Fans as PyTorch counts them (`nn.init._calculate_fan_in_and_fan_out`), but for the transposed convolution, whose axes it takes
  /// for those of a plain one.
  @Test func distributionsAreThoseOfArchitectures() throws {
    let graph = try network()
    let anew = try graph.reinitialised(seed: 5)
    func values(_ name: String) throws -> [Double] {
      try #require(anew.constants[name]?.floats).elements.map(Double.init)
    }
    let fansOut: [(String, Double)] = [
      ("plain.weight", 96 * 9), ("grouped.weight", 192 * 9), ("depthwise.weight", 192 * 9), ("transposed.weight", 80 * 4),
    ]
    for (name, fanOut) in fansOut {
      let (x, variance) = (try values(name), 2 / fanOut)
      let n = Double(x.count)
      let (mean, square) = (x.reduce(0, +) / n, x.map { $0 * $0 }.reduce(0, +) / n)
      #expect(abs(mean) < 5 * sqrt(variance / n), "\(name)")
      #expect(abs(square / variance - 1) < 5 * sqrt(2 / n), "\(name)")
      // A third of a normal distribution lies beyond its deviation.
      let beyond = Double(x.count { $0 * $0 > variance }) / n
      #expect(abs(beyond - 0.3173) < 5 * sqrt(0.3173 * 0.6827 / n), "\(name)")
    }
    let fansIn: [(String, Double)] = [("linear.weight", 80), ("straight.weight", 300), ("product.weight", 70)]
    for (name, fanIn) in fansIn {
      let (x, bound) = (try values(name), 1 / sqrt(fanIn))
      let n = Double(x.count)
      let (mean, square) = (x.reduce(0, +) / n, x.map { $0 * $0 }.reduce(0, +) / n)
      #expect(x.allSatisfy { abs($0) <= bound } && (x.map(abs).max() ?? 0) > 0.99 * bound, "\(name)")
      #expect(abs(mean) < 5 * bound / sqrt(3 * n), "\(name)")
      #expect(abs(3 * square / (bound * bound) - 1) < 5 * sqrt(0.8 / n), "\(name)")
    }
    let constants: [(String, Double)] = [
      ("bn.weight", 1), ("bn.bias", 0), ("bn.running_mean", 0), ("bn.running_var", 1), ("ln.weight", 1), ("ln.bias", 0),
      ("plain.bias", 0), ("transposed.bias", 0), ("linear.bias", 0), ("product.bias", 0), ("slope", 0.25),
    ]
    for (name, value) in constants { #expect(try values(name).allSatisfy { $0 == value }, "\(name)") }
  }

  @Test func allElseStays() throws {
    let graph = try network()
    let anew = try graph.reinitialised(seed: 5)
    #expect(anew.nodes.map(\.name) == graph.nodes.map(\.name) && anew.nodes.map(\.inputs) == graph.nodes.map(\.inputs))
    #expect(anew.metadata == graph.metadata && Array(anew.constants.keys) == Array(graph.constants.keys))
    #expect(anew.constants.mapValues(\.shape) == graph.constants.mapValues(\.shape))
    for name in ["deviations", "half"] { #expect(anew.constants[name] == graph.constants[name]) }
    for (name, constant) in graph.constants where name.hasSuffix("weight") {
      #expect(anew.constants[name] != constant, "\(name)")
    }
  }

  /// A constant depends on the seed and its name alone, and is none that a network is made with.
  @Test func randomNumbersAreOfSeedAndName() throws {
    let graph = try network()
    let (one, again, other) = (
      try graph.reinitialised(seed: 5), try graph.reinitialised(seed: 5).reinitialised(seed: 5), try graph.reinitialised(seed: 6)
    )
    #expect(one.constants == again.constants)
    for name in ["plain.weight", "linear.weight"] { #expect(one.constants[name] != other.constants[name]) }
    var test = TestGraph([12, 6, 6])
    let small = try test.graph(test.conv("input", 12, 96, named: "plain"))
    #expect(try small.reinitialised(seed: 5).constants["plain.weight"] == one.constants["plain.weight"])

    let new = try Architecture.named("resnet20", seed: 0)
    let anew = try new.reinitialised(seed: 0)
    for (name, constant) in new.constants where name.hasSuffix("weight") && constant.shape.rank > 1 {
      let (a, b) = (try #require(constant.floats).elements, try #require(anew.constants[name]?.floats).elements)
      #expect(zip(a, b).allSatisfy { $0 != $1 }, "\(name)")
    }
  }

  @Test func everyArchitectureBeginsAnew() throws {
    for name in ["lenet", "vgg-like", "googlenet", "mobilenet-v2", "densenet121"] {
      #expect(throws: Never.self, "\(name)") { try Architecture.named(name).reinitialised(seed: 1) }
    }
  }

  /// What may be trained, and is no part of a layer, is named.
  @Test func whatIsNotKnownIsRefused() throws {
    func expectRefused(_ name: String, _ body: (inout TestGraph) -> String) throws {
      var test = TestGraph([8, 6, 6])
      let graph = try test.graph(body(&test))
      let error = try #require(throws: EspalierError.self, "\(name)") { try graph.reinitialised(seed: 1) }
      #expect(error.description.contains("'\(name)'"), "\(error)")
    }
    try expectRefused("scale") { $0.add(Op.Mul(), $0.conv("input", 8, 4), $0.weight("scale", [4, 1, 1])) }
    try expectRefused("positions") {
      $0.add(Op.Add(), $0.add(Op.MatMul(), "input", $0.weight("weight", [6, 5])), $0.weight("positions", [6, 5]))
    }
    try expectRefused("positions") {
      $0.add(Op.Add(), $0.add(Op.Relu(), $0.conv("input", 8, 4)), $0.weight("positions", [4, 6, 6]))
    }
    try expectRefused("token") { $0.add(Op.Concat(axis: 0), $0.weight("token", [1, 4, 6, 6]), $0.conv("input", 8, 4)) }
    try expectRefused("embedding") {
      $0.add(Op.Gather(), $0.weight("embedding", [9, 5]), $0.add(Op.Cast(to: .integer), "input"))
    }
    try expectRefused("turned") {
      let matrix = $0.weight("matrix", [5, 6])
      var editor = $0.editor
      let turned = editor.add(
        Op.Transpose(permutation: [1, 0]), named: "turn", inputs: [matrix], output: "turned")
      $0.editor = editor
      return $0.add(Op.MatMul(), "input", turned)
    }
    try expectRefused("shared") {
      let shared = $0.weight("shared", [6, 5])
      let x = $0.add(Op.MatMul(), "input", shared)
      return $0.add(Op.Gemm(transposeB: true), $0.add(Op.Reshape(), x, $0.integers([-1, 5])), shared)
    }
    let einsum = try Op.Einsum("ncab,bd->ncad")
    try expectRefused("factor") { $0.add(einsum, "input", $0.weight("factor", [6, 5])) }
  }
}
