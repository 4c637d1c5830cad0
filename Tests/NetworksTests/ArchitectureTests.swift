import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite struct ArchitectureTests {
  /// What torchvision counts (`Resources/make_torchvision_counts.py`).
  struct Count: Decodable {
    var macs: Int
    var parameters: Int
    var shapes: [String: [Int]]?
  }

  private func architecture(_ name: String) throws -> Architecture {
    try #require(ArchitectureCatalog.all.first { $0.name == name }, "\(name)")
  }

  private func summary(_ name: String) throws -> GraphSummary {
    try architecture(name).graph(weights: .zero).summary()
  }

  @Test func theCatalogHasEveryName() {
    #expect(
      ArchitectureCatalog.all.map(\.name).sorted()
        == [
          "lenet", "vgg-like", "resnet20", "resnet32", "resnet56", "resnet110", "alexnet", "alexnet-grouped", "vgg11", "vgg13",
          "vgg16", "vgg19", "vgg11-bn", "vgg13-bn", "vgg16-bn", "vgg19-bn", "googlenet", "resnet18", "resnet34", "resnet50",
          "resnet50-v1", "mobilenet-v2", "densenet121",
        ].sorted())
  }

  @Test func countsAndParametersAreThoseOfTorchvision() throws {
    let counts = try JSONDecoder().decode([String: Count].self, from: Data(contentsOf: testResource("torchvision-counts.json")))
    #expect(counts.count == 14)
    for (name, count) in counts {
      let graph = try architecture(name).graph(weights: .zero)
      let summary = try graph.summary()
      #expect(summary.macs == count.macs, "\(name)")
      #expect(summary.parameters == count.parameters, "\(name)")
      guard let shapes = count.shapes else { continue }
      let own = graph.constants.compactMapValues { $0.floats?.shape.dimensions }.filter { name, _ in
        !name.hasPrefix("relu6.") && !name.hasSuffix(".ratio")
      }
      #expect(Dictionary(uniqueKeysWithValues: own.map { ($0, $1) }) == shapes, "\(name)")
    }
  }

  /// The survey's table 1, counted: MACs, operations by the survey's equation, weights, shares of convolutions in per cent.
  @Test(arguments: [
    ("alexnet-grouped", 724_406_816, 1.450, 60_965_224, 91.91, 3.8), ("vgg16", 15_470_264_320, 30.968, 138_357_544, 99.20, 10.6),
    ("googlenet", 1_582_671_872, 3.172, 6_998_552, 99.94, 85.4), ("resnet50-v1", 3_857_973_248, 7.737, 25_557_032, 99.95, 91.8),
  ])
  func tableOneOfTheSurvey(
    name: String, macs: Int, surveyGigaflops: Double, parameters: Int, macShare: Double, parameterShare: Double
  ) throws {
    let summary = try summary(name)
    #expect(summary.macs == macs)
    #expect(summary.flops == 2 * macs)
    #expect(summary.parameters == parameters)
    #expect(abs(Double(summary.surveyFlops) / 1e9 - surveyGigaflops) <= 0.0005)
    #expect(abs(100 * Double(summary.macsByKind.convolution) / Double(macs) - macShare) <= 0.005)
    #expect(abs(100 * Double(summary.parametersByKind.convolution) / Double(parameters) - parameterShare) <= 0.05)
    #expect(summary.layers.reduce(0) { $0 + $1.macs } == macs)
  }

  /// Where torchvision has `nn.Dropout` (`torchvision.models`), and the papers' shares where they differ.
  @Test func dropoutStandsWhereTorchvisionHasIt() throws {
    var expected: [String: [(node: String, ratio: Float, behind: String)]] = [
      "alexnet": [("classifier.0", 0.5, "flatten"), ("classifier.3", 0.5, "classifier.2")],
      "alexnet-grouped": [("drop6", 0.5, "relu6"), ("drop7", 0.5, "relu7")],
      "googlenet": [("dropout", 0.4, "flatten")], "mobilenet-v2": [("classifier.0", 0.2, "flatten")],
    ]
    for name in ["vgg11", "vgg13", "vgg16", "vgg19"].flatMap({ [$0, $0 + "-bn"] }) {
      expected[name] = [("classifier.2", 0.5, "classifier.1"), ("classifier.5", 0.5, "classifier.4")]
    }
    for architecture in ArchitectureCatalog.all {
      let graph = try architecture.graph(weights: .zero)
      let found = graph.nodes.filter { $0.op is Op.Dropout }
      let wanted = expected[architecture.name] ?? []
      #expect(found.map(\.name) == wanted.map(\.node), "\(architecture.name)")
      for (node, position) in zip(found, wanted) {
        #expect(node.inputs[1].flatMap { graph.constants[$0]?.floats } == Tensor(scalar: position.ratio), "\(architecture.name)")
        #expect(node.inputs[0].flatMap { graph.producer(of: $0)?.name } == position.behind, "\(architecture.name)")
      }
      if !found.isEmpty { #expect(try !graph.canonized().nodes.contains { $0.op is Op.Dropout }, "\(architecture.name)") }
    }
  }

  /// Closed forms: 6n + 2 layers with n blocks of two convolutions a stage, shortcuts without weights.
  @Test(arguments: [(20, 40.6, 0.268), (32, 68.9, 0.462), (56, 125.5, 0.849), (110, 252.9, 1.720)])
  func residualNetworksForCIFAR(depth: Int, megamacs: Double, megaweights: Double) throws {
    let blocks = (depth - 2) / 6
    var macs = 0
    var weights = 0
    var norms = 0
    func conv(_ from: Int, _ to: Int, size: Int) {
      weights += 9 * from * to
      macs += 9 * from * to * size * size
      norms += 2 * to
    }
    conv(3, 16, size: 32)
    for (from, to, size) in [(16, 16, 32), (16, 32, 16), (32, 64, 8)] {
      conv(from, to, size: size)
      for _ in 1..<2 * blocks { conv(to, to, size: size) }
    }
    let summary = try summary("resnet\(depth)")
    #expect(summary.macs == macs + 640)
    #expect(summary.parameters == weights + norms + 650)
    #expect(summary.parametersByKind.normalization == norms)
    // The published figures leave batch norm out.
    #expect(abs(Double(summary.macs) / 1e6 - megamacs) < 0.06)
    #expect(abs(Double(summary.parametersByKind.total - norms) / 1e6 - megaweights) < 0.0011)
  }

  @Test func smallNetworks() throws {
    let lenet = try summary("lenet")
    #expect(lenet.macs == 24 * 24 * 20 * 25 + 8 * 8 * 50 * 500 + 800 * 500 + 500 * 10)
    #expect(lenet.parameters == 431_080)
    let vgg = try summary("vgg-like")
    #expect(vgg.parameters == 435_754)
    #expect(vgg.layers.last?.output == [10])
  }

  @Test func weightsDependOnSeedAndNameAlone() throws {
    let graph = try Architecture.named("lenet", seed: 4)
    #expect(try Architecture.named("lenet", seed: 4).constants == graph.constants)
    let wider = try Architecture.named("lenet", classes: 100, input: [1, 32, 32], seed: 4)
    #expect(wider.constants["conv2.weight"] == graph.constants["conv2.weight"])
    #expect(try Architecture.named("lenet", seed: 5).constants["conv2.weight"] != graph.constants["conv2.weight"])
    let bound = 1 / Double(500).squareRoot()
    let drawn = try #require(graph.constants["fc2.weight"]?.floats).elements.map(Double.init)
    #expect(drawn.allSatisfy { abs($0) <= bound } && drawn.contains { abs($0) > 0.99 * bound })
  }

  @Test func convolutionsStartWithHesDeviation() throws {
    let graph = try Architecture.named("vgg-like", seed: 1)
    let weight = try #require(graph.constants["features.2.conv2.weight"]?.floats).elements.map(Double.init)
    let mean = weight.reduce(0, +) / Double(weight.count)
    let deviation = (weight.reduce(0) { $0 + $1 * $1 } / Double(weight.count)).squareRoot()
    let expected = (2 / Double(9 * 128)).squareRoot()
    #expect(abs(mean) < 0.01 * expected && abs(deviation / expected - 1) < 0.01)
  }

  @Test(arguments: ["lenet", "vgg-like", "resnet20"]) func canonicalFormsComputeTheSame(name: String) throws {
    let graph = try architecture(name).graph(input: name == "resnet20" ? [3, 8, 8] : [1, 16, 16])
    #expect(graph.inputs == [GraphInput(name: "input", dimensions: [.symbolic("N")] + graph.inputs[0].dimensions.dropFirst())])
    #expect(graph.outputs == ["output"])
    let canonized = try graph.canonized()
    #expect(!canonized.operators.contains("BatchNormalization"))
    try expectSame(canonized, graph, batches: [2])
  }

  @Test func whatCannotBeIsRefusedWithAReason() {
    for (name, input, words) in [
      ("vgg-like", [1, 4, 4], "features.2.pool"), ("alexnet", [3, 32, 32], "window of 3×3"),
      ("lenet", [1, 0, 4], "input [1, 0, 4]"),
      ("resnet51", [3, 32, 32], "there is no architecture"),
    ] {
      #expect {
        try Architecture.named(name, input: input)
      } throws: { error in
        (error as? EspalierError)?.description.contains(words) == true
      }
    }
    #expect(throws: EspalierError.self) { try Architecture.named("lenet", classes: 0) }
  }
}
