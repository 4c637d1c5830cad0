import Engine
import Networks
import TestSupport
import Tensors
import Testing
import Training

/// One small user of every seam of training.
@Suite struct SeamTests {
  // MARK: Latent and effective weights

  /// The sign of a weight times the mean magnitude of all, with the gradient passed straight through where |w| ≤ 1.
  struct Binarisation: WeightTransform {
    var description: String { "binary" }

    func effective(_ latent: Tensor<Float>) -> Tensor<Float> {
      let scale = latent.elements.reduce(0) { $0 + abs($1) } / Float(latent.count)
      return latent.map { $0 >= 0 ? scale : -scale }
    }

    func backward(_ gradient: Tensor<Float>, latent: Tensor<Float>) -> Tensor<Float> {
      Tensor(zip(gradient.elements, latent.elements).map { abs($1) <= 1 ? $0 : 0 }, shape: latent.shape)
    }
  }

  @Test func latentWeightsAreTrainedBehindBinaryOnes() throws {
    let graph = TinyNetworks.vgg()
    let latent = graph.floatConstants["conv2.weight"]!
    let recorder = Recorder()
    let seams = TrainingSeams(policies: ["conv2.weight": ParameterPolicy(transform: Binarisation())], hooks: [recorder])
    let trainer = try Trainer(graph, settings: quickSettings(optimizer: SGD(momentum: 0), rate: 0.1), seams: seams, width: 2)
    try trainer.run(on: TinyData(10))

    var twin = Twin(graph, training: true)
    twin.parameters["conv2.weight"] = Binarisation().effective(latent).map(Double.init)
    let whole = try TinyData(10).shard(0..<10, epoch: 0)
    let values = twin.forward(["input": whole.samples.map(Double.init)])
    let (_, seed) = crossEntropy(logits: values["output"]!, targets: whole.labels.map { $0[0] })
    let gradient = twin.backward(values: values, outputGradients: ["output": seed])["conv2.weight"]!
    let expected = zip(gradient.elements, latent.elements).map { abs($1) <= 1 ? Double($1) - 0.1 * $0 : Double($1) }
    expectClose(trainer.latent("conv2.weight")!.elements, expected, Tolerance(absolute: 1e-6, relative: 1e-4))
    let stored = try trainer.trainedGraph().floatConstants["conv2.weight"]!
    #expect(Set(stored.elements.map(abs)).count == 1)
  }

  // MARK: Terms of the loss

  /// `strength · Σ |γ|` over the factors of batch norms (Z.
  ///
  /// Liu et al., "Network slimming", ICCV 2017).
  struct Slimming: WeightTerm {
    var strength: Float
    var description: String { "slimming \(strength)" }

    func add(to gradient: inout Tensor<Float>, of name: String, role: ParameterRole, weight: Tensor<Float>) -> Double {
      guard role == .normScale else { return 0 }
      for i in weight.elements.indices { gradient.elements[i] += strength * (weight.elements[i] > 0 ? 1 : -1) }
      return weight.elements.reduce(0.0) { $0 + Double(strength * abs($1)) }
    }
  }

  /// `strength / 2 · Σ x²` over a value.
  struct Energy: TapTerm {
    var value: String
    var strength: Double
    var description: String { "energy of \(value) \(strength)" }

    func evaluate(_ map: FeatureMap, gradient: FeatureMap) -> Double {
      var sum = 0.0
      let offset = gradient.base - map.base
      let (area, block) = (map.layout.area, map.layout.block)
      map.forEachBlock { _, _, lanes, x in
        for position in 0..<area {
          for lane in 0..<lanes {
            let i = position * block + lane
            sum += strength / 2 * Double(x[i] * x[i])
            x[offset + i] = Float(strength) * x[i]
          }
        }
      }
      return sum
    }
  }

  @Test func termsOverWeightsAndValuesJoinTheLoss() throws {
    let graph = TinyNetworks.vgg()
    let value = graph.nodes.first { $0.name == "bn2" }!.outputs[0]
    let (plain, recorder) = (Recorder(), Recorder())
    let settings = quickSettings(rate: 0)
    let data = TinyData(10)
    try Trainer(graph, settings: settings, seams: TrainingSeams(hooks: [plain]), width: 2).run(on: data)
    let seams = TrainingSeams(
      weightTerms: [Slimming(strength: 0.25)],
      tapTerms: [Energy(value: value, strength: 0.5), Energy(value: value, strength: 0.25)],
      hooks: [recorder])
    try Trainer(graph, settings: settings, seams: seams, width: 2).run(on: data)

    let twin = Twin(graph, training: true)
    let values = twin.forward(["input": try data.shard(0..<10, epoch: 0).samples.map(Double.init)])
    let tapped = values[value]!
    let energy = tapped.elements.reduce(0) { $0 + 0.375 * $1 * $1 } / 10
    let extra = twin.backward(values: values, outputGradients: [value: tapped.map { $0 * 0.075 }])
    var penalty = 0.0
    for (name, role) in graph.trainableRoles {
      let weight = graph.floatConstants[name]!
      var expected = plain.gradients[0][name]!.map(Double.init)
      if let extra = extra[name] { expected = Tensor(zip(expected.elements, extra.elements).map(+), shape: expected.shape) }
      if role == .normScale {
        expected = Tensor(zip(expected.elements, weight.elements).map { $0 + ($1 > 0 ? 0.25 : -0.25) }, shape: expected.shape)
        penalty += weight.elements.reduce(0.0) { $0 + 0.25 * abs(Double($1)) }
      }
      expectClose(recorder.gradients[0][name]!, expected, Tolerance(absolute: 5e-6, relative: 2e-4), scaled: true, name)
    }
    expectClose([recorder.losses[0]], [plain.losses[0] + energy + penalty], Tolerance(relative: 1e-5))
  }

  // MARK: Rates and masks

  @Test func ratesFactorsAndMasksHoldParametersBack() throws {
    let graph = TinyNetworks.vgg()
    let before = graph.floatConstants
    let mask = Tensor((0..<before["conv2.weight"]!.count).map { Float($0 % 2) }, shape: before["conv2.weight"]!.shape)
    func trained(_ policies: [String: ParameterPolicy]) throws -> [String: Tensor<Float>] {
      let settings = quickSettings(optimizer: SGD(momentum: 0), decay: 0.1)
      let trainer = try Trainer(graph, settings: settings, seams: TrainingSeams(policies: policies), width: 1)
      try trainer.run(on: TinyData(10))
      return try trainer.trainedGraph().floatConstants
    }
    let plain = try trained([:])
    let held = try trained([
      "conv1.weight": .frozen, "conv2.weight": ParameterPolicy(mask: mask),
      "fc1.weight": ParameterPolicy(rate: 0.5, decays: false),
    ])
    #expect(held["conv1.weight"] == before["conv1.weight"])
    for i in mask.elements.indices {
      #expect(held["conv2.weight"]!.elements[i] == (mask.elements[i] == 0 ? before : plain)["conv2.weight"]!.elements[i])
    }
    let (w, p) = (before["fc1.weight"]!.elements, plain["fc1.weight"]!.elements)
    let expected = zip(w, p).map { 0.5 * ($1 + 0.05 * 0.1 * $0) + 0.5 * $0 }
    expectClose(held["fc1.weight"]!.elements, expected, Tolerance(absolute: 1e-6, relative: 1e-5))
    #expect(throws: EspalierError.self) { try trained(["no.such.weight": .frozen]) }
    let wrong = Tensor<Float>(repeating: 1, shape: [2])
    #expect(throws: EspalierError.self) { try trained(["conv2.weight": ParameterPolicy(mask: wrong)]) }
  }

  // MARK: Another graph half-way

  /// Takes the last filter of the first linear layer away after the first epoch.
  final class Shrinking: TrainingHook {
    var momentum: [Float] = []

    func afterEpoch(_ trainer: Trainer) throws {
      guard trainer.epoch == 1 else { return }
      func cut(_ name: String, _ tensor: Tensor<Float>) -> Tensor<Float> {
        switch name {
        case "fc1.weight", "fc1.bias": tensor.rows(0..<9)
        case "fc2.weight": Tensor((0..<4).flatMap { row in (0..<9).map { tensor[row, $0] } }, shape: [4, 9])
        default: tensor
        }
      }
      var editor = GraphEditor(try trainer.trainedGraph())
      for (name, constant) in editor.constants {
        if case .float(let tensor) = constant { editor.constants[name] = .float(cut(name, tensor)) }
      }
      try trainer.replaceGraph(editor.graph()) { cut($0, $1) }
    }
  }

  /// A unit whose weights in and out are zero gets no gradient: training with it and without it are the same.
  @Test func aSmallerGraphGoesOnWithTheMappedState() throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    for (name, constant) in editor.constants {
      guard case .float(var tensor) = constant else { continue }
      switch name {
      case "fc1.weight": for i in 0..<32 { tensor[9, i] = 0 }
      case "fc1.bias": tensor[9] = -1
      case "fc2.weight": for i in 0..<4 { tensor[i, 9] = 0 }
      default: continue
      }
      editor.constants[name] = .float(tensor)
    }
    let graph = try editor.graph()
    let settings = quickSettings(epochs: 3)
    let whole = try Trainer(graph, settings: settings, width: 2)
    try whole.run(on: TinyData(20))
    let shrunk = try Trainer(graph, settings: settings, seams: TrainingSeams(hooks: [Shrinking()]), width: 2)
    try shrunk.run(on: TinyData(20))
    #expect(shrunk.latent("fc1.weight")!.shape == [9, 32])
    let (all, few) = (try whole.trainedGraph().floatConstants, try shrunk.trainedGraph().floatConstants)
    for (name, tensor) in few where !name.hasPrefix("fc1") && name != "fc2.weight" {
      expectClose(tensor, all[name]!, Tolerance(absolute: 1e-5, relative: 1e-4), name)
    }
    expectClose(few["fc1.weight"]!, all["fc1.weight"]!.rows(0..<9), Tolerance(absolute: 1e-5, relative: 1e-4))
  }

  // MARK: Gates and masks over channels

  @Test func gatesAreTrained() throws {
    let graph = TinyNetworks.residual()
    let value = graph.nodes.first { $0.name == "block1.bn1" }!.outputs[0]
    let (gated, gates) = try graph.addingGates(at: [value])
    let recorder = Recorder()
    let data = TinyData(10)
    let trainer = try Trainer(
      gated, settings: quickSettings(optimizer: SGD(momentum: 0), rate: 0.1),
      seams: TrainingSeams(gates: Set(gates), hooks: [recorder]),
      width: 2)
    try trainer.run(on: data)
    let twin = Twin(gated, training: true)
    let whole = try data.shard(0..<10, epoch: 0)
    let values = twin.forward(["input": whole.samples.map(Double.init)])
    let (_, seed) = crossEntropy(logits: values["output"]!, targets: whole.labels.map { $0[0] })
    let expected = twin.backward(values: values, outputGradients: ["output": seed])[gates[0]]!
    #expect(expected.shape == [1, 6, 1, 1])
    expectClose(recorder.gradients[0][gates[0]]!, expected, Tolerance(absolute: 2e-6, relative: 2e-4), scaled: true)
    expectClose(
      try trainer.trainedGraph().floatConstants[gates[0]]!.elements, expected.elements.map { 1 - 0.1 * $0 },
      Tolerance(absolute: 1e-6))
    #expect(throws: EspalierError.self) { try graph.addingGates(at: ["no such value"]) }
  }

  /// Remembers the gradients of masks.
  final class MaskRecorder: TrainingHook {
    var gradients: [[String: Tensor<Double>]] = []

    func afterBackward(_ trainer: Trainer) { gradients.append(trainer.maskGradients) }
  }

  @Test func everySampleHasItsOwnGradientOfAChannelMask() throws {
    let graph = TinyNetworks.residual()
    let value = graph.nodes.first { $0.name == "block1.conv1" }!.outputs[0]
    let recorder = MaskRecorder()
    let data = TinyData(10)
    let seams = TrainingSeams(maskSites: [value], hooks: [recorder])
    try Trainer(graph, settings: quickSettings(rate: 0), seams: seams, width: 2).run(on: data)
    let whole = try data.shard(0..<10, epoch: 0)
    let twin = Twin(graph, training: true)
    let values = twin.forward(["input": whole.samples.map(Double.init)])
    let (_, seed) = crossEntropy(logits: values["output"]!, targets: whole.labels.map { $0[0] })
    let gradient = twin.backward(values: values, outputGradients: ["output": seed])[value]!
    let products = Tensor(zip(gradient.elements, values[value]!.elements).map { 10 * $0 * $1 }, shape: gradient.shape)
    var expected = Tensor<Double>(repeating: 0, shape: [10, 6])
    for i in products.elements.indices { expected.elements[i / 64] += products.elements[i] }
    expectClose(recorder.gradients[0][value]!, expected, Tolerance(absolute: 1e-5, relative: 5e-4), scaled: true)
  }
}
