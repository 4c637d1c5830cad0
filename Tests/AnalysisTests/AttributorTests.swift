import Analysis
import Engine
import Foundation
import TestSupport
import Tensors
import Testing

/// What `Tests/Peers/make_attributions.py` computed with PyTorch and Zennit.
struct PeerAttributions: Decodable {
  struct MeasureCase: Decodable {
    var map, other: GoldenTensor
    var mask: [Int]
    var values: [String: Double]
    var similarity: Double
  }

  struct Flipping: Decodable {
    var curve, accuracy, areas: GoldenTensor
  }

  var indices: [Int]
  var maps: [String: GoldenTensor]
  var measures: [MeasureCase]
  var flipping: [String: Flipping]

  static func read() throws -> PeerAttributions {
    try JSONDecoder().decode(PeerAttributions.self, from: Data(contentsOf: testResource("attributions.json")))
  }
}

@Suite struct AttributorTests {
  /// The attributions of the golden network's images.
  private func attribution(_ method: String, batch: Int = 2, indices: [Int] = [0, 1], targets: [Int?]? = nil) throws
    -> RelevanceResult
  {
    useOneThreadHere()
    let golden = try GoldenVGG.read()
    let halves = method.split(separator: "/").map(String.init)
    let plan = try AttributionPlan(
      golden.graph(), attributor: AttributorCatalog.attributor(halves[0]),
      composite: halves.count > 1 ? CompositeCatalog.composite(halves[1]) : nil, batch: batch)
    return try AttributionProgram(plan).run(
      AttributionShard(images: golden.x.tensor.map(Float.init), targets: targets ?? golden.target, indices: indices))
  }

  @Test func gradientAndIntegratedGradientsAgreeWithZennit() throws {
    let golden = try GoldenVGG.read()
    let gradient = try attribution("gradient")
    expectCloseBySample(gradient.input, golden.gradient.tensor, "gradient", 1e-5)
    expectCloseBySample(try attribution("lrp/gradient").input, golden.gradient.tensor, "lrp with plain gradients", 1e-5)
    for batch in [2, 3, 32] {
      let integrated = try attribution("integrated-gradients", batch: batch)
      expectCloseBySample(integrated.input, golden.integrated_gradients_20.tensor, "integrated gradients", 1e-5)
      expectClose(integrated.prediction, golden.logits.tensor, Tolerance(relative: 1e-5), scaled: true, "logits")
    }
  }

  @Test func lrpIsTheCompositeAlone() throws {
    let golden = try GoldenVGG.read()
    expectCloseBySample(
      try attribution("lrp").input, try #require(golden.composites["epsilon_plus"]).R_x.tensor, "epsilon_plus")
  }

  /// Every map of the peers, in batches that the copies of an image fill, overflow and straddle.
  @Test(arguments: [2, 7]) func attributorsAgreeWithPeers(batch: Int) throws {
    let peers = try PeerAttributions.read()
    #expect(peers.maps.count == 11)
    for (method, expected) in peers.maps {
      let result = try attribution(method, batch: batch, indices: peers.indices)
      // Relevance is held to what its denominators allow, as in ZennitNetworkTests.
      expectCloseBySample(
        result.input, expected.tensor, "\(method) in batches of \(batch)", method.contains("/") ? 1e-3 : 1e-4)
    }
  }

  /// A baseline: a(x, b) = (x − b) · mean gradient, by the slow twin.
  @Test func integratedGradientsFromABaseline() throws {
    let graph = TinyNetworks.vgg(seed: 4)
    let x = TinyNetworks.images(3, seed: 4)
    let (count, baseline) = (6, 0.75)
    let twin = Twin(graph)
    var mean = Tensor<Double>(repeating: 0, shape: x.shape)
    for step in 1...count {
      let point = x.map { baseline + Double(step) / Double(count) * (Double($0) - baseline) }
      let values = twin.forward(["input": point])
      let gradient = try #require(
        twin.backward(values: values, outputGradients: ["output": oneHot([2, 0, 1], count: 4)])["input"])
      for i in mean.elements.indices { mean.elements[i] += gradient.elements[i] / Double(count) }
    }
    for i in mean.elements.indices { mean.elements[i] *= Double(x.elements[i]) - baseline }
    useOneThreadHere()
    let plan = try AttributionPlan(
      graph, attributor: AttributorCatalog.attributor("integrated-gradients:n=6,baseline=0.75"), batch: 4)
    let result = try AttributionProgram(plan).run(
      AttributionShard(images: x, targets: [2, 0, 1], indices: [0, 1, 2]))
    expectCloseBySample(result.input, mean, "integrated gradients", 1e-4)
  }

  /// The predicted class is that of the image itself, never that of a copy.
  @Test func predictedClassIsThatOfTheImage() throws {
    let golden = try GoldenVGG.read()
    let predicted: [Int?] = (0..<2).map { row in
      (0..<3).max { golden.logits.tensor[row, $0] < golden.logits.tensor[row, $1] }
    }
    for method in [
      "lrp", "gradient", "input-x-gradient", "smoothgrad:noise=3,n=9", "integrated-gradients", "occlusion:window=2,stride=2",
      "grad-cam", "random",
    ] {
      #expect(
        try attribution(method, targets: [nil, nil]).input == (try attribution(method, targets: predicted).input), "\(method)")
    }
  }

  /// Noise belongs to an image of the data set, wherever it stands in its shard.
  @Test func noiseFollowsTheImage() throws {
    let x = TinyNetworks.images(1)
    let twice = Tensor(x.elements + x.elements, shape: [2, 3, 8, 8])
    useOneThreadHere()
    for method in ["smoothgrad:n=4", "random", "random:seed=5"] {
      let plan = try AttributionPlan(TinyNetworks.vgg(), attributor: AttributorCatalog.attributor(method), batch: 2)
      let program = try AttributionProgram(plan)
      func maps(_ indices: [Int]) throws -> [Tensor<Float>] {
        let input = try program.run(AttributionShard(images: twice, targets: [1, 1], indices: indices)).input
        return [input.rows(0..<1), input.rows(1..<2)]
      }
      let (a, b) = (try maps([4, 9]), try maps([9, 4]))
      #expect(a[0] == b[1] && a[1] == b[0], "\(method)")
      #expect(a[0] != a[1], "\(method)")
    }
  }

  /// Channels last is the same image in another order.
  @Test func channelsLastIsAnOrder() {
    let geometry = ImageGeometry([2, 4, 5, 3], layout: .channelsLast)
    #expect((geometry.channels, geometry.height, geometry.width) == (3, 4, 5))
    #expect((geometry.channelStep, geometry.positionStep) == (1, 3))
    let first = ImageGeometry([2, 3, 4, 5])
    #expect((first.channels, first.height, first.width, first.channelStep, first.positionStep) == (3, 4, 5, 20, 1))
    let vector = ImageGeometry([2, 7])
    #expect((vector.channels, vector.height, vector.width, vector.count) == (1, 1, 7, 7))
    let signal = ImageGeometry([2, 3, 7], layout: .channelsFirst)
    #expect((signal.channels, signal.height, signal.width) == (3, 1, 7))
    let elements = (0..<120).map(Float.init)
    let moved = Tensor(elements, shape: [2, 4, 5, 3]).imagesChannelsFirst(.channelsLast)
    #expect(moved.shape == [2, 3, 4, 5] && moved[1, 2, 3, 4] == 119 && moved[0, 1, 0, 2] == 7)
    let last = RelevanceMap.maps(of: Tensor(elements, shape: [2, 4, 5, 3]), layout: .channelsLast)
    let sums: [Double] = (20..<40).map { position in Double(9 * position + 3) }
    #expect(last[1].values == sums)
  }

  /// What Grad-CAM stores for its layer adds up, upsampling and the dropped negative part aside, to its map.
  @Test func gradCAMWithoutUpsampling() throws {
    let graph = TinyNetworks.inception()
    let x = TinyNetworks.images(2)
    useOneThreadHere()
    let plan = try AttributionPlan(graph, attributor: AttributorCatalog.attributor("grad-cam:layer=stem,site=linear"), batch: 2)
    #expect(plan.sites.map(\.layer.name) == ["stem"] && plan.sites[0].channels == 6)
    let result = try AttributionProgram(plan).run(AttributionShard(images: x, targets: [0, 3], indices: [0, 1]))
    let twin = Twin(graph)
    let values = twin.forward(["input": x.map(Double.init)])
    let gradients = twin.backward(values: values, outputGradients: ["output": oneHot([0, 3], count: 4)])
    let (maps, arrived) = (try #require(values["stem"]), try #require(gradients["stem"]))
    var expected = Tensor<Double>(repeating: 0, shape: [2, 3, 8, 8])
    var sums = Tensor<Double>(repeating: 0, shape: [2, 6])
    for sample in 0..<2 {
      for position in 0..<64 {
        var sum = 0.0
        for channel in 0..<6 {
          let weight = (0..<64).reduce(0.0) { $0 + arrived[sample, channel, $1 / 8, $1 % 8] } / 64
          sum += weight * maps[sample, channel, position / 8, position % 8]
          sums[sample, channel] += weight * maps[sample, channel, position / 8, position % 8]
        }
        for color in 0..<3 { expected[sample, color, position / 8, position % 8] = max(sum, 0) }
      }
    }
    expectCloseBySample(result.input, expected, "grad-cam", 1e-4)
    expectCloseBySample(result.signed[0], sums, "grad-cam of channels", 1e-4)
  }

  @Test(arguments: [
    ("nonsense", "accepted: lrp, gradient"), ("smoothgrad:n=0", "n is 0"), ("smoothgrad:noise=-1", "noise is -1"),
    ("smoothgrad:n=2,n=3", "twice"), ("smoothgrad:", "key=value"), ("gradient:n=2", "'n' is not a parameter of gradient"),
    ("occlusion:form=both", "keep, remove"), ("occlusion:window=0", "window is 0"), ("random:seed=-1", "seed is -1"),
    ("integrated-gradients:baseline=nan", "baseline is nan"), ("grad-cam:site=x", "linear, activation"),
  ])
  func wrongAttributorsAreRefused(text: String, part: String) {
    do {
      _ = try AttributorCatalog.attributor(text)
      Issue.record("\(text) is accepted")
    } catch { #expect("\(error)".contains(part), "\(error)") }
  }

  @Test func wrongLayersAndTargetsAreRefused() throws {
    let graph = TinyNetworks.vgg()
    #expect(throws: EspalierError("there is no convolution 'fc1'", accepted: "conv1, conv2")) {
      try AttributionPlan(graph, attributor: AttributorCatalog.attributor("grad-cam:layer=fc1"), batch: 1)
    }
    let plan = try AttributionPlan(graph, attributor: AttributorCatalog.attributor("random"), batch: 1)
    #expect(throws: EspalierError.self) {
      try AttributionProgram(plan).run(
        AttributionShard(images: TinyNetworks.images(1), targets: [4], indices: [0]))
    }
  }
}
