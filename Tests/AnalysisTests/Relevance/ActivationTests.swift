import Analysis
import Engine
import Foundation
import Networks
import ONNX
import Scheduling
import TestSupport
import Tensors
import Testing

/// Relevance through activations, gates and linear layers on tokens, against Zennit (`Tests/Peers/make_activations.py`).
@Suite struct ActivationTests {
  struct Example: Decodable {
    var files: [String]
    var shape: [Int]
    var x: [Float]
    var classes: [Int]
    var relevance: [Double]
  }

  private static func resource(_ name: String) -> URL {
    // The resources lie a folder further up.
    testResource("activations/\(name)", besideSource: URL(fileURLWithPath: #filePath).deletingLastPathComponent().path)
  }

  private static func examples() throws -> [String: Example] {
    try JSONDecoder().decode([String: Example].self, from: Data(contentsOf: resource("activations.json")))
  }

  /// The maps are Zennit's, whatever the opset wrote an activation as.
  @Test func mapsAreThoseOfZennit() throws {
    useOneThreadHere()
    let examples = try ActivationTests.examples()
    #expect(examples.count == 13)
    for (name, example) in examples {
      let x = Tensor(example.x, shape: Shape(example.shape))
      for file in example.files {
        let graph = try Graph(onnx: ActivationTests.resource(file).path)
        let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite("epsilon_plus"), batch: 2)
        let result = try RelevanceProgram(plan).run(x, targets: example.classes)
        expectClose(
          result.input, Tensor(example.relevance, shape: x.shape), Tolerance(relative: 5e-5), scaled: true, "\(name): \(file)")
      }
    }
  }

  /// The engine and the twin, which sees the graph with activations recognised, agree under every composite.
  @Test(arguments: CompositeTests.specifications) func theTwinSeesTheSame(specification: String) throws {
    useOneThreadHere()
    let name = String(specification.prefix { $0 != ":" })
    let reference = try #require(TwinComposite.named(low: [-3], high: [3])[name])
    for file in ["silu-opset17", "hardswish-opset13", "gelu-opset17", "mish-opset17", "mobile-opset13"] {
      let example = try #require(ActivationTests.examples()[String(file.split(separator: "-")[0])])
      let x = Tensor(example.x, shape: Shape(example.shape))
      let graph = try Graph(onnx: ActivationTests.resource(file + ".onnx").path)
      let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite(specification), batch: 2)
      let result = try RelevanceProgram(plan).run(x, targets: example.classes)
      let recognised = try ActivationRecognition().canonize(ConstantFolding().canonize(graph))
      let twin = TwinRelevance(Twin(recognised)).propagate(["x": x.map(Double.init)], composite: reference) {
        oneHot(example.classes, count: $0.shape[1])
      }
      expectClose(
        result.input, try #require(twin.relevance["x"]), Tolerance(absolute: 1e-6, relative: 1e-4), scaled: true,
        "\(file) \(name)")
    }
  }

  /// The site behind a SiLU that is written as a product is the product, not the sigmoid in it.
  @Test func sitesBehindWrittenActivations() throws {
    useOneThreadHere()
    let example = try #require(ActivationTests.examples()["silu"])
    let graph = try Graph(onnx: ActivationTests.resource("silu-opset17.onnx").path)
    let plan = try AnalysisPlan(graph, AnalysisRequest(sites: SiteRequest(.activation), batch: 2))
    let canonical = try graph.canonized()
    let activations = canonical.nodes.filter { $0.op is Op.Swish }
    #expect(!activations.isEmpty && activations.allSatisfy { swish in plan.sites.contains { $0.value == swish.outputs[0] } })
    let x = Tensor(example.x, shape: Shape(example.shape))
    let shapes = plan.sites.map(\.shape)
    let pass = AnalysisPass(
      plan, shards: 1,
      read: { _ in
        AnalysisShard(
          input: x, images: ShardImages(indices: [0, 1], labels: [[0], [0]]), targets: [.index(0), .index(0)])
      },
      fresh: {
        AnalysisState(
          shapes.map { SiteAccumulators([(phase: .forward, accumulator: MomentsStatistic($0, StatisticSettings()))]) })
      })
    let state = try pass.run(BlockScheduler(width: 1))
    // The twin computes the file's own sigmoids and products.
    let values = Twin(graph).forward(["x": x.map(Double.init)])
    for (site, accumulators) in zip(plan.sites, state.sites) {
      let moments = try #require(accumulators.all[0] as? MomentsStatistic)
      let mean = try #require(moments.results.first { $0.name == "mean" })
      let value = try #require(values[site.value])
      let (channels, area) = (value.shape[1], value.count / value.shape[0] / value.shape[1])
      var expected = [Double](repeating: 0, count: channels)
      for (position, number) in value.elements.enumerated() {
        expected[position / area % channels] += number / Double(2 * area)
      }
      expectClose(mean.values.elements, expected, Tolerance(absolute: 1e-6, relative: 1e-5), site.title)
    }
  }

  /// The relevance per filter of a linear layer on tokens is summed over tokens, and its bias takes its part.
  @Test func linearLayersOnTokens() throws {
    useOneThreadHere()
    let example = try #require(ActivationTests.examples()["tokens"])
    let graph = try Graph(onnx: ActivationTests.resource("tokens-opset17.onnx").path)
    let plan = try RelevancePlan(
      graph, composite: CompositeCatalog.composite("epsilon_plus"), batch: 2, details: RelevanceDetails(conservation: true))
    let result = try RelevanceProgram(plan).run(Tensor(example.x, shape: Shape(example.shape)), targets: example.classes)
    #expect(plan.sites.map(\.channels) == [6, 10, 4])
    // All that arrives at the last layer is the chosen class's.
    for (sample, label) in example.classes.enumerated() {
      let row = result.signed[2].elements[sample * 4..<(sample + 1) * 4]
      #expect(row.enumerated().allSatisfy { $0.offset == label || $0.element == 0 })
    }
    let values = try #require(result.conservation)
    for (position, site) in plan.conservation.enumerated() where site.op == "MatMul" {
      for sample in 0..<2 {
        let start = (sample * plan.conservation.count + position) * 5
        #expect(values.elements[start + 2] != 0)
        #expect(abs(values.elements[start + 4]) < 1e-4 * max(1, abs(values.elements[start])), "\(site)")
      }
    }
  }

  /// PyTorch's attention puts tokens before images: what layers there receive is that of the same network with images first.
  @Test func imagesBehindTokens() throws {
    useOneThreadHere()
    func network(tokensFirst: Bool) throws -> Graph {
      var editor = GraphEditor(name: "tokens")
      var random = Philox(seed: 9)
      func weight(_ name: String, _ shape: Shape) -> String {
        editor.add(.float(Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)), named: name)
      }
      let input = editor.freshName("input")
      editor.inputs = [GraphInput(name: input, dimensions: [.symbolic("N"), .fixed(5), .fixed(3)])]
      let order = tokensFirst ? [1, 0, 2] : [0, 1, 2]
      var value = editor.add(Op.Transpose(permutation: order), named: "before", inputs: [input])
      value = editor.add(Op.MatMul(), named: "first", inputs: [value, weight("first.weight", [3, 6])])
      value = editor.add(Op.Relu(), named: "relu", inputs: [value])
      value = editor.add(Op.MatMul(), named: "second", inputs: [value, weight("second.weight", [6, 4])])
      value = editor.add(Op.Transpose(permutation: order), named: "behind", inputs: [value])
      value = editor.add(
        Op.ReduceMean(keepsAxes: false), named: "mean", inputs: [value, editor.add(.integers([1]), named: "axes")])
      editor.outputs = [editor.add(Op.MatMul(), named: "third", inputs: [value, weight("third.weight", [4, 3])])]
      return try editor.graph()
    }
    var random = Philox(seed: 4)
    let x = Tensor((0..<30).map { _ in Float(random.normal()) }, shape: [2, 5, 3])
    let results = try [true, false].map { tokensFirst in
      let plan = try RelevancePlan(
        network(tokensFirst: tokensFirst), composite: CompositeCatalog.composite("epsilon_plus"), batch: 2,
        details: RelevanceDetails(conservation: true, maxima: true))
      #expect(plan.sites.map(\.channels) == [6, 4, 3])
      return try RelevanceProgram(plan).run(x, targets: [2, 0])
    }
    expectClose(results[0].input, results[1].input, Tolerance(absolute: 1e-6, relative: 1e-5), "input")
    for layer in 0..<3 {
      expectClose(
        results[0].signed[layer], results[1].signed[layer], Tolerance(absolute: 1e-6, relative: 1e-5), "layer \(layer)")
      expectClose(
        results[0].absolute[layer], results[1].absolute[layer], Tolerance(absolute: 1e-6, relative: 1e-5), "layer \(layer)")
    }
  }

  /// A clip's upper bound is no bias.
  @Test func aClipUnderNormHasNoBias() throws {
    useOneThreadHere()
    let example = try #require(ActivationTests.examples()["relu6"])
    let graph = try Graph(onnx: ActivationTests.resource("relu6-opset17.onnx").path)
    let composite = Composite("clip", rules: [.activation: NormRule(), .convolution: ZPlusRule(), .dense: EpsilonRule()])
    let plan = try RelevancePlan(graph, composite: composite, batch: 2, details: RelevanceDetails(conservation: true))
    let result = try RelevanceProgram(plan).run(Tensor(example.x, shape: Shape(example.shape)), targets: example.classes)
    let values = try #require(result.conservation)
    let clips = plan.conservation.indices.filter { plan.conservation[$0].op == "Clip" }
    #expect(clips.count == 2)
    for position in clips {
      for sample in 0..<2 { #expect(values.elements[(sample * plan.conservation.count + position) * 5 + 2] == 0) }
    }
  }

  /// alpha and beta of a Gemm are part of its weights, for rules that observe signs and squares too.
  @Test(arguments: ["zplus", "wsquare:bias=false", "wsquare", "alphabeta:alpha=2,beta=1", "gamma:gamma=0.25", "flat"])
  func factorsOfAGemmArePartOfItsWeights(specification: String) throws {
    useOneThreadHere()
    var random = Philox(seed: 4)
    func numbers(_ shape: Shape) -> Tensor<Float> { Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape) }
    let (weight, bias, x) = (numbers([4, 7]), numbers([4]), numbers([3, 7]))
    func map(_ gemm: Op.Gemm, _ weight: Tensor<Float>, _ bias: Tensor<Float>) throws -> Tensor<Float> {
      var editor = GraphEditor(name: "gemm")
      editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(7)])]
      let names = [editor.add(.float(weight), named: "w"), editor.add(.float(bias), named: "b")]
      editor.outputs = [editor.add(gemm, named: "y", inputs: ["x"] + names)]
      let rule = try RuleCatalog.rule(ParameterList(specification))
      let plan = try RelevancePlan(editor.graph(), composite: Composite("rule", rules: [.dense: rule]), batch: 3)
      return try RelevanceProgram(plan).run(x, targets: [0, 1, 2]).input
    }
    let written = try map(Op.Gemm(alpha: -0.5, beta: -2, transposeB: true), weight, bias)
    let plain = try map(Op.Gemm(transposeB: true), weight.map { -0.5 * $0 }, bias.map { -2 * $0 })
    expectClose(written, plain.map(Double.init), Tolerance(absolute: 1e-6, relative: 1e-6), scaled: true, specification)
  }
}
