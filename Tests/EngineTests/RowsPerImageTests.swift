import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// Networks whose images have several rows of the batch axis: tokens and windows merged into it, by turns or one image after the
/// other.
@Suite struct RowsPerImageTests {
  enum Arrangement: String, CaseIterable {
    /// [N, T, C] → [N · T, C]
    case tokens
    /// [T, N, C] → [T · N, C]
    case timeMajor
    /// [N, C, 4, 4] → [N · 4, C, 2, 2]
    case windows
  }

  private static func graph(_ arrangement: Arrangement) throws -> Graph {
    var g = GraphEditor(name: "rows")
    var random = Philox(seed: 11)
    func weight(_ name: String, _ shape: Shape, around centre: Double = 0) -> String {
      g.add(.float(Tensor((0..<shape.count).map { _ in Float(centre + 0.4 * random.normal()) }, shape: shape)), named: name)
    }
    func integers(_ values: [Int]) -> String { g.add(.integers(values), named: "integers") }
    func norm(_ x: String) -> String {
      g.add(
        Op.BatchNormalization(), named: "bn",
        inputs: [x, weight("g", [8], around: 1), weight("b", [8]), weight("m", [8]), weight("v", [8], around: 2)])
    }
    g.inputs = [GraphInput(name: g.freshName("x"), dimensions: [.symbolic("N"), .fixed(3), .fixed(4), .fixed(4)])]
    let maps = g.add(
      Op.Conv(window: Window(padding: .explicit(begin: [1, 1], end: [1, 1]))), named: "c",
      inputs: ["x", weight("c.weight", [8, 3, 3, 3])])
    var rows: String
    switch arrangement {
    case .tokens, .timeMajor:
      let flat = g.add(Op.Reshape(), named: "flat", inputs: [maps, integers([-1, 8, 16])])
      let order = arrangement == .tokens ? [0, 2, 1] : [2, 0, 1]
      let tokens = g.add(Op.Transpose(permutation: order), named: "t", inputs: [flat])
      rows = g.add(Op.Reshape(), named: "rows", inputs: [tokens, integers([-1, 8])])
      rows = g.add(
        Op.Relu(), named: "r",
        inputs: [norm(g.add(Op.Gemm(transposeB: true), named: "q", inputs: [rows, weight("q.weight", [8, 8])]))])
      let back = arrangement == .tokens ? [-1, 16, 8] : [16, -1, 8]
      rows = g.add(Op.Reshape(), named: "back", inputs: [rows, integers(back)])
      rows = g.add(
        Op.ReduceMean(keepsAxes: false), named: "mean", inputs: [rows, integers([arrangement == .tokens ? 1 : 0])])
    case .windows:
      let cut = g.add(Op.Reshape(), named: "cut", inputs: [maps, integers([-1, 8, 2, 2, 2, 2])])
      let moved = g.add(Op.Transpose(permutation: [0, 2, 4, 1, 3, 5]), named: "t", inputs: [cut])
      rows = g.add(Op.Reshape(), named: "windows", inputs: [moved, integers([-1, 8, 2, 2])])
      rows = g.add(Op.Relu(), named: "r", inputs: [norm(rows)])
      rows = g.add(Op.Conv(), named: "q", inputs: [rows, weight("q.weight", [8, 8, 2, 2])])
      rows = g.add(Op.Reshape(), named: "back", inputs: [rows, integers([-1, 4, 8])])
      rows = g.add(Op.ReduceMean(keepsAxes: false), named: "mean", inputs: [rows, integers([1])])
    }
    g.outputs = [g.add(Op.Gemm(transposeB: true), named: "fc", inputs: [rows, weight("fc.weight", [3, 8])])]
    return try g.graph()
  }

  private static func images(_ count: Int) -> Tensor<Float> {
    var random = Philox(seed: 5)
    return Tensor((0..<count * 48).map { _ in Float(random.normal()) }, shape: [count, 3, 4, 4])
  }

  /// A shard of three images in a plan of four gives each the output and the gradient that the twin gives them.
  @Test(arguments: Arrangement.allCases) func shardsWithSeveralRowsAnImage(arrangement: Arrangement) throws {
    let graph = try Self.graph(arrangement)
    let output = graph.outputs[0]
    let twin = Twin(graph)
    let images = Self.images(3)
    let values = twin.forward(["x": images.doubles])
    let seed = Tensor<Float>([1, 0, -2, 0, 1, 0, 0.5, 0, 1], shape: [3, 3])
    let expected = twin.backward(values: values, outputGradients: [output: seed.doubles])["x"]!
    for batch in [3, 4, 7] {
      let differentiated = try Differentiated(graph.canonized(), batch: batch, from: [output], to: ["x"])
      let program = try Program(differentiated.plan)
      try program.setInput("x", to: images)
      differentiated.seed(program, [output: seed])
      try program.run()
      let tolerance = Tolerance(absolute: 1e-5, relative: 1e-4)
      expectClose(program.result(output), values[output]!, tolerance, "\(arrangement), batch \(batch)")
      expectClose(program.result("∂x"), expected, tolerance, "\(arrangement), batch \(batch): gradient")
    }
  }

  /// Sums of a value of several rows an image are those of each image alone.
  @Test(arguments: Arrangement.allCases) func sumsOfAnImageAreThoseOfItAlone(arrangement: Arrangement) throws {
    let graph = try Self.graph(arrangement).canonized()
    let value = graph.nodes.first { $0.name == "q" }!.outputs[0]
    func sums(_ images: Tensor<Float>, batch: Int) throws -> (maxima: [Float], sums: [Double], rows: [Int]) {
      useOneThreadHere()
      let builder = try PlanBuilder(graph, batch: batch)
      try builder.forward(keeping: [value])
      #expect(try builder.rowsPerImage(of: value, layer: "q") == (arrangement == .windows ? 4 : 16))
      let tap = builder.observe(try builder.slot(of: value), label: "q")
      let program = try Program(builder.finish())
      var found: (maxima: [Float], sums: [Double], rows: [Int]) = ([], [], [])
      program.observers[tap] = { found = ($0[0].spatialMaxima(), $0[0].spatialSums().signed, $0[0].samplesOfRows) }
      try program.setInput("x", to: images)
      try program.run()
      return found
    }
    let images = Self.images(3)
    let together = try sums(images, batch: 5)
    let alone = try (0..<3).map { try sums(images.rows($0..<$0 + 1), batch: 1) }
    #expect(together.rows.sorted() == (0..<3).flatMap { [Int](repeating: $0, count: alone[0].rows.count) })
    for (a, b) in zip(together.sums, alone.flatMap(\.sums)) { #expect(abs(a - b) < 1e-4) }
    for (a, b) in zip(together.maxima, alone.flatMap(\.maxima)) { #expect(abs(a - b) < 1e-5) }
  }

  /// An input's samples that do not fit are refused, whatever they are.
  @Test func samplesThatDoNotFitAreRefused() throws {
    let builder = try PlanBuilder(Self.graph(.tokens), batch: 2)
    try builder.forward()
    let program = try Program(builder.finish())
    for shape: Shape in [[1, 3, 4], [1, 1, 3, 4, 4], [1, 3, 4, 5], [0, 3, 4, 4], [3, 3, 4, 4], []] {
      #expect(throws: EspalierError.self) { try program.setInput("x", to: Tensor(repeating: 0, shape: shape)) }
    }
    #expect(throws: EspalierError.self) { try program.setInput("y", to: Self.images(1)) }
  }

  /// oneDNN describes 12 axes and no more.
  @Test func thirteenAxesAreRefusedByName() throws {
    var g = GraphEditor(name: "rank13")
    g.inputs = [GraphInput(name: g.freshName("x"), dimensions: [.symbolic("N"), .fixed(4)])]
    let target = g.add(.integers([-1, 4] + [Int](repeating: 1, count: 11)), named: "target")
    let tall = g.add(Op.Relu(), named: "r", inputs: [g.add(Op.Reshape(), named: "tall", inputs: ["x", target])])
    g.outputs = [g.add(Op.Reshape(), named: "back", inputs: [tall, g.add(.integers([-1, 4]), named: "flat")])]
    let builder = try PlanBuilder(g.graph(), batch: 2)
    do {
      try builder.forward()
      Issue.record("it was not refused")
    } catch {
      #expect("\(error)".contains("tall") && "\(error)".contains("13 axes"))
    }
  }

  /// Looks at several outputs of one node come in the outputs' order.
  @Test func looksComeInTheOutputsOrder() throws {
    var g = GraphEditor(name: "split")
    g.inputs = [GraphInput(name: g.freshName("x"), dimensions: [.symbolic("N"), .fixed(8)])]
    _ = g.add(Op.Split(axis: 1), named: "s", inputs: ["x"])
    let parts = (0..<4).map { "part\($0)" }
    g.nodes[0].outputs = parts
    g.outputs = [g.add(Op.Sum(), named: "sum", inputs: parts)]
    for _ in 0..<8 {
      var seen: [String] = []
      try PlanBuilder(g.graph(), batch: 2).forward(watching: Set(parts)) { value, _ in seen.append(value) }
      #expect(seen == parts)
    }
  }
}
