import Networks
import Tensors
import TestSupport
import Testing

@Suite struct BlockTests {
  private func graph(_ name: String) throws -> Graph {
    let architecture = try #require(ArchitectureCatalog.all.first { $0.name == name }, "\(name)")
    return try architecture.graph(weights: .zero)
  }

  private func names(_ kind: Block.Kind, _ graph: Graph) -> [String] { graph.blocks.filter { $0.kind == kind }.map(\.name) }

  /// Every node is in one block, in order; blocks end where they say; names differ.
  private func expectPartition(_ graph: Graph, _ name: String) {
    let blocks = graph.blocks
    #expect(blocks.flatMap { $0.nodes.map(\.id) }.sorted() == graph.nodes.map(\.id).sorted(), "\(name)")
    #expect(Set(blocks.map(\.name)).count == blocks.count, "\(name)")
    #expect(blocks.last?.output == graph.outputs.first, "\(name)")
    for block in blocks {
      let positions = block.nodes.compactMap { graph.order(of: $0) }
      #expect(positions == positions.sorted(), "\(name) \(block.name)")
      #expect(graph.producer(of: block.output)?.id == block.nodes.last?.id, "\(name) \(block.name)")
    }
    // No value but its output leaves a block.
    for block in blocks {
      let inside = Set(block.nodes.map(\.id))
      for value in block.nodes.flatMap(\.outputs) where value != block.output {
        #expect(graph.consumers(of: value).allSatisfy { inside.contains($0.id) }, "\(name) \(block.name) \(value)")
      }
    }
  }

  @Test func everyArchitectureIsCutIntoBlocks() throws {
    for architecture in ArchitectureCatalog.all { expectPartition(try architecture.graph(weights: .zero), architecture.name) }
    for (name, graph) in TinyNetworks.all() { expectPartition(graph, name) }
  }

  /// The numbers of blocks in a stage are those of the papers.
  @Test(arguments: [
    ("resnet18", [2, 2, 2, 2]), ("resnet34", [3, 4, 6, 3]), ("resnet50", [3, 4, 6, 3]), ("resnet50-v1", [3, 4, 6, 3]),
    ("resnet20", [3, 3, 3]), ("resnet32", [5, 5, 5]), ("resnet56", [9, 9, 9]), ("resnet110", [18, 18, 18]),
  ])
  func residualNetworks(name: String, counts: [Int]) throws {
    let graph = try graph(name)
    let expected = counts.enumerated().flatMap { stage, count in (0..<count).map { "layer\(stage + 1).\($0)" } }
    #expect(graph.blocks.map(\.name) == ["conv1"] + expected + ["fc"])
    #expect(graph.blocks.map(\.kind) == [.layer] + expected.map { _ in .residual } + [.layer])
    for block in graph.blocks.dropFirst().dropLast() { #expect(graph.producer(of: block.output)?.name == block.name + ".relu") }
    #expect(graph.producer(of: graph.blocks[0].output)?.name == "relu")
    #expect(graph.blocks[1].nodes.first?.name == (counts.count == 3 ? "layer1.0.conv1" : "maxpool"))
  }

  @Test func mobileNetHasInvertedResidualsAndBottlenecks() throws {
    let graph = try graph("mobilenet-v2")
    #expect(graph.blocks.map(\.name) == (0...18).map { "features.\($0)" } + ["classifier.1"])
    #expect(names(.residual, graph) == [3, 5, 6, 8, 9, 10, 12, 13, 15, 16].map { "features.\($0)" })
    #expect(names(.bottleneck, graph) == [1, 2, 4, 7, 11, 14, 17].map { "features.\($0)" })
  }

  @Test func denseNetHasDenseBlocksAndTransitions() throws {
    let graph = try graph("densenet121")
    let dense = (1...4).map { "features.denseblock\($0)" }
    #expect(names(.dense, graph) == dense)
    #expect(
      graph.blocks.map(\.name) == [
        "features.conv0", dense[0], "features.transition1", dense[1], "features.transition2", dense[2], "features.transition3",
        dense[3], "classifier",
      ])
    #expect(graph.blocks.filter { $0.kind == .dense }.map(\.output) == dense)
  }

  @Test func googLeNetHasNineInceptions() throws {
    let graph = try graph("googlenet")
    let inceptions = ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"].map { "inception\($0)" }
    #expect(names(.inception, graph) == inceptions)
    #expect(graph.blocks.map(\.name) == ["conv1", "conv2", "conv3"] + inceptions + ["fc"])
  }

  @Test(arguments: ["lenet", "vgg-like", "vgg11", "vgg16", "vgg16-bn", "vgg19-bn", "alexnet", "alexnet-grouped"])
  func plainNetworksHaveTheirLayers(name: String) throws {
    let graph = try graph(name)
    #expect(graph.blocks.allSatisfy { $0.kind == .layer })
    #expect(graph.blocks.map(\.name) == graph.linearLayers.map(\.name))
    // Behind the activation, before pooling and response normalisation.
    for block in graph.blocks.dropLast() { #expect(graph.producer(of: block.output)?.op is Op.Relu, "\(block.name)") }
  }

  @Test func canonicalFormsHaveTheSameBlocks() throws {
    for name in ["resnet20", "mobilenet-v2", "googlenet", "vgg11-bn"] {
      let graph = try graph(name)
      let canonized = try graph.canonized()
      /// The operator that ends a block once batch normalisation is folded.
      func ending(_ block: Block) -> String? {
        block.nodes.last { !($0.op is Op.BatchNormalization) }?.op.name
      }
      #expect(canonized.blocks.map(\.kind) == graph.blocks.map(\.kind), "\(name)")
      #expect(
        canonized.blocks.dropLast().map { canonized.producer(of: $0.output)?.op.name } == graph.blocks.dropLast().map(ending),
        "\(name)")
    }
  }

  @Test func stagesHaveOneResolution() throws {
    #expect(try graph("resnet50").stages().map(\.name) == ["conv1", "layer1", "layer2", "layer3", "layer4", "fc"])
    let vgg = try graph("vgg16").stages()
    #expect(vgg.map(\.name) == [2, 7, 14, 21, 28].map { "features.\($0)" } + ["classifier"])
    let googlenet = try graph("googlenet").stages()
    #expect(googlenet.map { $0.nodes.filter { $0.op is Op.Concat }.count } == [0, 0, 2, 5, 2, 0])
  }

  @Test func dressedNetworksAreCutToo() throws {
    // Chained concatenations, a gate behind a convolution, a block before whose convolutions normalisation stands.
    var b = TestGraph([4, 8, 8])
    var x = b.add(Op.Relu(), b.conv("input", 4, 4, named: "stem"), named: "act")
    let gate = b.add(Op.Sigmoid(), b.conv(b.add(Op.GlobalAveragePool(), x), 4, 4, kernel: 1, padding: 0, named: "gate"))
    x = b.add(Op.Mul(), x, gate, named: "gated")
    for (layer, channels) in [4, 6, 8].enumerated() {
      x = b.add(Op.Concat(axis: 1), x, b.conv(x, channels, 2, named: "grow\(layer)"))
    }
    let skip = x
    x = b.add(Op.Relu(), b.norm(x, 10, named: "bn"))
    x = b.add(Op.Add(), b.conv(x, 10, 10, named: "pre"), skip, named: "sum")
    x = b.add(Op.Relu(), b.norm(x, 10, named: "last.bn"))
    let shape = b.add(Op.ShapeOf(), x)
    let batch = b.add(Op.Gather(axis: 0), shape, b.integers([0]))
    x = b.add(Op.Reshape(), x, b.add(Op.Concat(axis: 0), batch, b.integers([-1])))
    let graph = try b.graph(b.add(Op.MatMul(), x, b.weight("fc.weight", [640, 3]), named: "fc"))
    #expect(graph.blocks.map(\.kind) == [.layer, .dense, .residual, .layer])
    #expect(graph.blocks.map(\.output) == ["gated", graph.blocks[1].output, "sum", "output"])
    #expect(graph.blocks[1].nodes.filter { $0.op is Op.Concat }.count == 3)
  }

  @Test func blocksCanBeNamed() throws {
    let graph = try graph("resnet18")
    #expect(try graph.blocks(matching: ["layer4.*", "conv1"]).map(\.name) == ["conv1", "layer4.0", "layer4.1"])
    #expect(try graph.blocks(matching: ["layer?.0.conv2"]).map(\.output) == (1...4).map { "layer\($0).0.conv2" })
    let stage = try graph.blocks(matching: ["second=layer2.*"])
    #expect(stage.map(\.name) == ["second"])
    #expect(stage[0].kind == .named && stage[0].output == "layer2.1.relu")
    for pattern in ["layer9*", "=", "x=nothing", "", "[", "*.weight"] {
      #expect(throws: EspalierError.self) { try graph.blocks(matching: [pattern]) }
    }
  }
}
