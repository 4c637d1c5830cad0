import Analysis
import Engine
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// AttnLRP and CP-LRP on small transformers of torchvision, against LXT (`Tests/Peers/make_transformers.py`) and the twin.
@Suite struct TransformerTests {
  struct Example: Decodable {
    struct Result: Decodable {
      var relevance: [Double]
      var layers: [[Double]]
      var heads: [[Double]]
    }

    var file: String
    var shape: [Int]
    var x: [Float]
    var classes: [Int]
    var composites: [String: Result]

    var input: Tensor<Float> { Tensor(x, shape: Shape(shape)) }
  }

  private static func resource(_ name: String) -> URL {
    // The resources lie a folder further up.
    testResource("transformers/\(name)", besideSource: URL(fileURLWithPath: #filePath).deletingLastPathComponent().path)
  }

  private static func examples() throws -> [String: Example] {
    try JSONDecoder().decode([String: Example].self, from: Data(contentsOf: resource("transformers.json")))
  }

  /// An ε that does not matter: LXT adds it to what is negative too.
  private static let small = "epsilon=1e-9,stabilizer=1e-9"

  /// What LXT has at the input, at every layer's output and in every head.
  private func compare(_ composite: Composite, with key: String, of name: String) throws {
    useOneThreadHere()
    let example = try #require(try TransformerTests.examples()[name])
    let expected = try #require(example.composites[key])
    let graph = try Graph(onnx: TransformerTests.resource(example.file).path)
    let plan = try RelevancePlan(graph, composite: composite, batch: 3)
    let result = try RelevanceProgram(plan).run(example.input, targets: example.classes)
    let tolerance = Tolerance(relative: 1e-4)
    let title = "\(name) \(key)"
    expectClose(result.input, Tensor(expected.relevance, shape: Shape(example.shape)), tolerance, scaled: true, title)
    #expect(plan.sites.count == expected.layers.count)
    for ((site, sums), layer) in zip(zip(plan.sites, result.signed), expected.layers) {
      expectClose(sums, Tensor(layer, shape: [2, site.channels]), tolerance, scaled: true, "\(title) \(site.layer.name)")
    }
    #expect(plan.heads.count == expected.heads.count && result.heads.count == plan.heads.count)
    for ((site, sums), heads) in zip(zip(plan.heads, result.heads), expected.heads) {
      expectClose(sums, Tensor(heads, shape: [2, site.channels]), tolerance, scaled: true, "\(title) \(site.layer.name)")
    }
  }

  @Test(arguments: ["vit", "swin"], ["attnlrp", "cp_lrp"]) func layersAreThoseOfLXT(network: String, composite: String) throws {
    try compare(CompositeCatalog.composite("\(composite):\(TransformerTests.small)"), with: composite, of: network)
  }

  /// LXT's example of a vision transformer has gamma in modules, which the projections of PyTorch's attention are not.
  @Test func gammaIsThatOfLXT() throws {
    let text = """
      base = "attnlrp:conv_gamma=0.25,lin_gamma=0.1,\(TransformerTests.small)"
      [[rules]]
      layers = "*self_attention*"
      rule = "epsilon"
      epsilon = 1e-9
      """
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("gamma.toml")
      try Data(text.utf8).write(to: file)
      try compare(CompositeCatalog.composite(file.path), with: "gamma", of: "vit")
    }
  }

  /// The engine and the twin agree with ε as it is by default.
  @Test(arguments: ["vit", "swin"]) func theTwinSeesTheSame(network: String) throws {
    useOneThreadHere()
    let example = try #require(try TransformerTests.examples()[network])
    let graph = try Graph(onnx: TransformerTests.resource(example.file).path)
    let recognised = try ActivationRecognition().canonize(ConstantFolding().canonize(graph))
    let composites: [(String, TwinComposite)] = [
      ("attnlrp", .attnLRP()), ("cp_lrp", .cpLRP),
      ("attnlrp:conv_gamma=0.25,lin_gamma=0.1", .attnLRP(convGamma: 0.25, linGamma: 0.1)),
    ]
    for (name, reference) in composites {
      let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite(name), batch: 2)
      let result = try RelevanceProgram(plan).run(example.input, targets: example.classes)
      let twin = TwinRelevance(Twin(recognised)).propagate(["x": example.input.map(Double.init)], composite: reference) {
        oneHot(example.classes, count: $0.shape[1])
      }
      let tolerance = Tolerance(absolute: 1e-6, relative: 2e-4)
      expectClose(result.input, try #require(twin.relevance["x"]), tolerance, scaled: true, "\(network) \(name)")
    }
  }

  /// Both composites are right for convolutional networks too, whose sums, pools and activations they know.
  @Test func convolutionalNetworks() throws {
    useOneThreadHere()
    for (network, graph) in TinyNetworks.all(seed: 2) {
      let x = TinyNetworks.images(3, seed: 2)
      let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite("attnlrp:conv_gamma=0.25"), batch: 4)
      let result = try RelevanceProgram(plan).run(x, targets: [0, 1, 2])
      let twin = TwinRelevance(Twin(graph)).propagate(["input": x.map(Double.init)], composite: .attnLRP(convGamma: 0.25)) {
        oneHot([0, 1, 2], count: $0.shape[1])
      }
      expectCloseBySample(result.input, try #require(twin.relevance["input"]), network)
    }
  }

  /// A batch norm with an activation in front, which nothing takes up: what it shifts by takes its share.
  @Test func batchNormsOfTheirOwn() throws {
    useOneThreadHere()
    var random = Philox(seed: 5)
    func tensor(_ shape: Shape, _ value: (Double) -> Double = { $0 }) -> Constant {
      .float(Tensor((0..<shape.count).map { _ in Float(value(random.normal())) }, shape: shape))
    }
    var editor = GraphEditor(name: "norm")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(3), .fixed(4), .fixed(4)])]
    let weight = editor.add(tensor([5, 3, 1, 1]), named: "w")
    let bent = editor.add(Op.Tanh(), named: "tanh", inputs: [editor.add(Op.Conv(), named: "conv", inputs: ["x", weight])])
    let parameters = [
      tensor([5]), tensor([5]), tensor([5]), tensor([5]) { 1 + abs($0) },
    ].map { editor.add($0, named: "p") }
    let norm = editor.add(Op.BatchNormalization(), named: "bn", inputs: [bent] + parameters)
    let pooled = editor.add(Op.GlobalAveragePool(), named: "pool", inputs: [editor.add(Op.Relu(), named: "relu", inputs: [norm])])
    editor.outputs = [editor.add(Op.Flatten(), named: "y", inputs: [pooled])]
    let graph = try editor.graph()
    let x = Tensor((0..<96).map { _ in Float(random.normal()) }, shape: [2, 3, 4, 4])
    let plan = try RelevancePlan(graph, composite: CompositeCatalog.composite("attnlrp"), batch: 2)
    let result = try RelevanceProgram(plan).run(x, targets: [1, 4])
    let twin = TwinRelevance(Twin(graph)).propagate(["x": x.map(Double.init)], composite: .attnLRP()) {
      oneHot([1, 4], count: $0.shape[1])
    }
    expectClose(result.input, try #require(twin.relevance["x"]), Tolerance(relative: 1e-4), scaled: true, "batch norm")
    #expect(result.input.elements.contains { $0 != 0 })
  }
}
