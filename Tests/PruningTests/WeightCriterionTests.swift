import Foundation
import Networks
import Pruning
import TestSupport
import Tensors
import Testing

/// Criteria of weights against plain loops over the weights.
@Suite struct WeightCriterionTests {
  private func twin() throws -> CriterionTwin { try CriterionTwin(TinyNetworks.vgg()) }

  /// The weights of each filter of a layer of the tiny VGG.
  private func filters(_ twin: CriterionTwin, _ layer: String) -> [[Double]] {
    let weight = twin.weight(layer + ".weight")
    let width = weight.count / weight.shape[0]
    return (0..<weight.shape[0]).map { Array(weight.elements[$0 * width..<($0 + 1) * width]) }
  }

  @Test func everyFileHasItsLine() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../Sources/Pruning/Criteria")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      $0.replacingOccurrences(of: ".swift", with: "")
    }
    let types = CriterionCatalog.all.map { "\($0)" } + CriterionCatalog.data.map { "\($0)" }
    #expect(Set(files) == Set(types + ["Criterion", "DataCriterion", "CriterionCatalog"]))
    #expect(Set(CriterionCatalog.names).count == types.count)
  }

  @Test(arguments: [
    "fpgm:x=1", "thinet:greedy=none", "thinet:positions=0", "divnet:keep=2", "group-fisher:per=time", "data-free:fuse=maybe",
  ])
  func wrongParametersAreRefused(_ text: String) {
    #expect(throws: EspalierError.self) {
      _ = try CriterionCatalog.criterion(text)
      _ = try CriterionCatalog.dataCriterion(text)
    }
  }

  @Test(arguments: ["conv1", "conv2", "fc1", "fc2"]) func fpgm(_ layer: String) throws {
    let twin = try twin()
    let rows = filters(twin, layer)
    let expected = rows.map { a in
      rows.reduce(0.0) { sum, b in sum + zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() }
    }
    expectClose(try criterion("fpgm").scores(twin.network).complete(layer), expected, Tolerance(relative: 1e-9), layer)
  }

  @Test func batchNormScale() throws {
    let twin = try twin()
    let scores = try criterion("bn-scale").scores(twin.network)
    #expect(scores.layers.keys.sorted() == ["conv1", "conv2"])
    for (layer, norm) in [("conv1", "bn1"), ("conv2", "bn2")] {
      #expect(scores.layers[layer] == twin.weight(norm + ".weight").elements.map { abs($0) })
    }
    let error = #expect(throws: EspalierError.self) {
      try criterion("bn-scale").scores(
        ScoredNetwork(ChannelGroups(ChannelMap(Architecture.named("lenet", classes: 10, seed: 1)))))
    }
    #expect(error?.description.contains("batch norm") == true)
  }

  @Test func incomingNorm() throws {
    let twin = try twin()
    for layer in ["conv1", "conv2", "fc1"] {
      let expected = filters(twin, layer).map { $0.reduce(0) { $0 + abs($1) } / Double($0.count) }
      expectClose(try criterion("inorm").scores(twin.network).complete(layer), expected, Tolerance(relative: 1e-12), layer)
    }
  }

  /// What reads a channel: a slice of the next kernels, or 4 features of a flattened map.
  private func outgoing(_ twin: CriterionTwin, _ layer: String, _ channel: Int) -> [Double] {
    let (reader, taps) = ["conv1": ("conv2", 9), "conv2": ("fc1", 4), "fc1": ("fc2", 1)][layer]!
    return filters(twin, reader).flatMap { $0[channel * taps..<(channel + 1) * taps] }
  }

  @Test func outgoingNorm() throws {
    let twin = try twin()
    for layer in ["conv1", "conv2", "fc1"] {
      let count = filters(twin, layer).count
      let expected = (0..<count).map { channel in
        let weights = outgoing(twin, layer, channel)
        return weights.reduce(0) { $0 + abs($1) } / Double(weights.count)
      }
      expectClose(try criterion("onorm").scores(twin.network).complete(layer), expected, Tolerance(relative: 1e-12), layer)
    }
  }

  /// Half of a convolution's filters are the network's output as well: those stay, and of the others the weakest goes, whatever
  /// the common scale.
  @Test(arguments: ScoreNormalisation.allCases) func outgoingNormOfAHalfPinnedLayer(_ scale: ScoreNormalisation) throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    let value = try #require(editor.nodes.first { $0.op is Op.MaxPool }?.inputs[0])
    let bounds = [0, 3, 1].map { editor.add(.integers([$0]), named: "bound") }
    let half = editor.add(Op.Slice(), named: "half", inputs: [value] + bounds.map(Optional.some))
    editor.outputs.append(half)
    let map = try ChannelMap(editor.graph())
    let groups = try ChannelGroups(map, protecting: ["conv2", "fc1"])
    let scores = try criterion("onorm").scores(ScoredNetwork(groups))
    let conv1 = try #require(scores.layers["conv1"])
    let norms = (0..<6).map { channel -> Double in
      let weights = outgoing(try! twin(), "conv1", channel)
      return weights.reduce(0) { $0 + abs($1) } / Double(weights.count)
    }
    #expect(conv1.prefix(3).allSatisfy { $0 == nil } && conv1.count == 6)
    expectClose(conv1.dropFirst(3).compactMap { $0 }, Array(norms.dropFirst(3)), Tolerance(relative: 1e-12))
    let total = try LiveNetwork(map).cost.filters
    let removed = try Selection(Budget(.filters, Double(total - 1) / Double(total)), normalisation: scale, floor: 0).choose(
      in: groups, by: scores)
    let weakest = try #require((3..<6).min { norms[$0] < norms[$1] })
    let own = try #require(map.linear.first { map.layers[$0.node]?.name == "conv1" })
    #expect(removed == [own.outputs[weakest]])
  }

  /// The paper's loop as it stands: all pairs again in every step.
  @Test(arguments: ["conv1", "conv2", "fc1"]) func dataFree(_ layer: String) throws {
    let twin = try twin()
    var incoming = filters(twin, layer)
    let bias = twin.weight(layer + ".bias").elements
    for filter in incoming.indices {
      incoming[filter].append(bias[filter])
      guard let norm = ["conv1": "bn1", "conv2": "bn2"][layer] else { continue }
      let part = ["weight", "bias", "running_mean", "running_var"].map { twin.weight("\(norm).\($0)").elements[filter] }
      let scale = part[0] / (part[3] + 1e-5).squareRoot()
      incoming[filter] = incoming[filter].map { $0 * scale }
      incoming[filter][incoming[filter].count - 1] += part[1] - part[2] * scale
    }
    var out = incoming.indices.map { outgoing(twin, layer, $0) }
    var left = Array(incoming.indices)
    var (most, expected) = (0.0, [Double](repeating: .nan, count: incoming.count))
    while left.count > 1 {
      var best = (i: 0, j: 0, saliency: Double.infinity)
      for j in left {
        for i in left where i != j {
          let distance = zip(incoming[i], incoming[j]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
          let saliency = dot(out[j], out[j]) / Double(out[j].count) * distance
          if saliency < best.saliency { best = (i, j, saliency) }
        }
      }
      most = max(most, best.saliency)
      expected[best.j] = most
      out[best.i] = zip(out[best.i], out[best.j]).map(+)
      left.removeAll { $0 == best.j }
    }
    expected[left[0]] = most * 2
    expectClose(try criterion("data-free").scores(twin.network).complete(layer), expected, Tolerance(relative: 1e-9), layer)
  }

  /// Copies of filters go first, and those that stay take over without a difference.
  @Test func dataFreeFusesCopiesExactly() throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    // Filters 1 and 4 of the first layer are copies of 3, batch norm included.
    for name in ["conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"] {
      var tensor = try #require(editor.constants[name]?.floats)
      let width = tensor.count / tensor.shape[0]
      for copy in [1, 4] { for k in 0..<width { tensor.elements[copy * width + k] = tensor.elements[3 * width + k] } }
      editor.constants[name] = .float(tensor)
    }
    let twin = try CriterionTwin(editor.graph())
    let criterion = try criterion("data-free")
    let scores = try criterion.scores(twin.network)
    let protected = try ChannelGroups(twin.map, protecting: ["conv2", "fc1"])
    let pruned = try Pruner.prune(
      protected, by: scores, Selection(Budget(.filters, 22.0 / 24), floor: 0),
      fusion: { try #require(criterion as? any FusingCriterion).fusion(of: $0, twin.network, nil) })
    let kept = try #require(pruned.kept["conv1"])
    #expect(kept.count == 4 && kept.filter([1, 3, 4].contains).count == 1)
    let input = ["input": twin.images.map(Double.init)]
    let (before, after) = (Twin(twin.graph).forward(input)["output"]!, Twin(pruned.graph).forward(input)["output"]!)
    expectClose(after, before, Tolerance(absolute: 1e-6, relative: 1e-6), scaled: true)
  }
}

/// Magnitudes as Torch-Pruning has them (`Tests/Peers/make_magnitudes.py`).
@Suite struct TorchPruningTests {
  @Test func magnitudes() throws {
    let url = testResource("torch-pruning.json")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    func theirs(_ name: String) throws -> [Double] { try #require(json[name] as? [Double]) }
    var editor = GraphEditor(name: "torch-pruning")
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(3), .fixed(8), .fixed(8)])]
    func tensor(_ t: Int, _ shape: Shape) -> String {
      let values = (0..<shape.count).map { Float(sin(1 + Double(t) + 0.37 * Double($0))) }
      return editor.add(.float(Tensor(values, shape: shape)), named: "tensor\(t)")
    }
    var x = editor.add(Op.Conv(), named: "conv1", inputs: ["input", tensor(0, [6, 3, 3, 3])])
    let rest = [Float(0), 0, 1].map { editor.add(.float(Tensor(repeating: $0, shape: [6])), named: "part") }
    x = editor.add(Op.BatchNormalization(), named: "bn1", inputs: [x, tensor(1, [6])] + rest)
    x = editor.add(
      Op.Conv(), named: "conv2", inputs: [editor.add(Op.Relu(), named: "relu", inputs: [x]), tensor(2, [8, 6, 3, 3])])
    editor.outputs = [editor.add(Op.GlobalAveragePool(), named: "pool", inputs: [x])]
    let network = try ScoredNetwork(ChannelGroups(ChannelMap(editor.graph())))
    let tolerance = Tolerance(relative: 1e-5)
    for layer in ["conv1", "conv2"] {
      expectClose(try criterion("l1").scores(network).complete(layer), try theirs("l1/\(layer)"), tolerance, "l1 \(layer)")
      let l2 = try criterion("l2").scores(network).complete(layer)
      expectClose(l2.map { $0 * $0 }, try theirs("l2-squared/\(layer)"), tolerance, "l2 \(layer)")
      // Their distances are between squared weights.
      let own = try criterion("fpgm").scores(network).complete(layer)
      let squared = try #require(network.layers.first { $0.name == layer }).weights.map { $0 * $0 }
      let (count, width) = (squared.shape[0], squared.shape[1])
      let distances = (0..<count).map { i in
        (0..<count).reduce(0.0) { sum, j in
          sum
            + (0..<width).reduce(0.0) { $0 + pow(Double(squared.elements[i * width + $1] - squared.elements[j * width + $1]), 2) }
            .squareRoot()
        }
      }
      expectClose(distances, try theirs("fpgm-of-squares/\(layer)"), tolerance, "fpgm of squares \(layer)")
      #expect(zip(own, distances).contains { abs($0 - $1) > 0.1 })
    }
    expectClose(try criterion("bn-scale").scores(network).complete("conv1"), try theirs("bn-scale/conv1"), tolerance, "bn-scale")
  }
}
