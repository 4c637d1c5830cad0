import Tensors

extension Graph {
  /// The network with every trained constant as it is before training: same nodes, same names, nothing learned.
  ///
  /// Weights are drawn as ``Architecture`` draws them: of convolutions from N(0, 2 / fan-out), of linear layers uniformly in ±1 /
  /// √fan-in. Norms begin as the identity (factor 1, summand 0, mean 0, variance 1), biases at 0, slopes at 0.25 (PyTorch's
  /// `PReLU`). An architecture that draws single layers otherwise, such as MobileNet's last, is not told from others.
  ///
  /// Random numbers depend on the seed and the constant's name alone; they are others than those that a network of the same seed
  /// was made with, so that an unpruned layer does not get back the weights that it began with.
  ///
  /// Source: Z. Liu et al., "Rethinking the value of network pruning", ICLR 2019: "scratch" trains what pruning has left from new
  /// weights.
  ///
  /// - Throws: `EspalierError` naming a constant of which it is not known how it begins, such as a table of positions.
  public func reinitialised(seed: UInt64) throws -> Graph {
    let folded = try ConstantFolding().canonize(self)
    var beginnings: [String: Beginning] = [:]
    var learned: Set<String> = []
    for node in folded.nodes {
      let trained = folded.trainedPositions(of: node)
      for (name, beginning) in try folded.beginnings(of: node, trained) {
        guard beginnings.updateValue(beginning, forKey: name).map({ $0 == beginning }) ?? true else {
          throw EspalierError("'\(name)' is trained in two layers that begin differently", location: node.label)
        }
      }
      let isBehindLayer = node.inputs.contains { $0.map(learned.contains) ?? false }
      try folded.requireNoOther(than: trained, in: node, isBehindLayer: isBehindLayer)
      if isBehindLayer || !trained.isEmpty { learned.formUnion(node.outputs) }
    }
    var values: [String: Tensor<Float>] = [:]
    for (name, beginning) in beginnings {
      guard let shape = folded.constants[name]?.shape else { continue }
      values[name] = beginning.values(of: shape, named: name, seed: seed)
    }
    return try replacing(values)
  }

  /// How a constant begins.
  private enum Beginning: Hashable {
    case constant(Float)
    case drawn(Initialization, fanIn: Int, fanOut: Int)

    func values(of shape: Shape, named name: String, seed: UInt64) -> Tensor<Float> {
      switch self {
      case .constant(let value): return Tensor(repeating: value, shape: shape)
      case .drawn(let initialization, let fanIn, let fanOut):
        var random = Philox(seed: seed, stream: Philox.stream(named: "reinitialise " + name))
        return initialization.draw(shape, fanIn: fanIn, fanOut: fanOut, from: &random)
      }
    }
  }

  /// How the trained constants of a node begin, and the statistics of a norm.
  private func beginnings(of node: Node, _ trained: [Int]) throws -> [(String, Beginning)] {
    var found: [(String, Beginning)] = []
    for position in trained {
      guard let name = node.inputs[position], let shape = constants[name]?.shape, let role = node.op.trainable[position] else {
        continue
      }
      switch role {
      case .weight: found.append((name, try weight(of: node, at: position, shape)))
      case .bias:
        // What is added behind a product at each position apart may be a table of positions.
        guard shape.dimensions.count(where: { $0 > 1 }) <= 1 else { throw refusal(name, node) }
        found.append((name, .constant(0)))
      case .normScale: found.append((name, .constant(1)))
      case .normBias: found.append((name, .constant(0)))
      case .slope: found.append((name, .constant(0.25)))
      case .gate: throw refusal(name, node)
      }
    }
    guard node.op.role == .normalization else { return found }
    return found + zip([3, 4], [0, 1]).compactMap { position, value in node.inputs[position].map { ($0, .constant(value)) } }
  }

  /// How a layer's weight begins.
  private func weight(of node: Node, at position: Int, _ shape: Shape) throws -> Beginning {
    func isRight(_ rank: PartialRangeFrom<Int>) -> Bool { rank.contains(shape.rank) && shape.count > 0 }
    let taps = shape.dimensions.dropFirst(2).reduce(1, *)
    switch node.op {
    case is Op.Conv where isRight(3...):
      return .drawn(.heFanOut, fanIn: shape[1] * taps, fanOut: shape[0] * taps)
    case let op as Op.ConvTranspose where isRight(3...):
      return .drawn(.heFanOut, fanIn: shape[0] / op.group * taps, fanOut: shape[1] * op.group * taps)
    case let op as Op.Gemm where isRight(2...):
      return .drawn(.torch, fanIn: shape[op.transposeB ? 1 : 0], fanOut: shape[op.transposeB ? 0 : 1])
    case is Op.MatMul where isRight(2...):
      let (fanIn, fanOut) = position == 1 ? (shape[-2], shape[-1]) : (shape[-1], shape[-2])
      return .drawn(.torch, fanIn: fanIn, fanOut: fanOut)
    default: throw refusal(node.inputs[position] ?? "", node)
    }
  }

  /// Refuses a constant that is none of a layer's, but may be trained all the same.
  ///
  /// In front of all layers a factor or a summand is how images are prepared; behind one it may be a table of positions or a
  /// scale of a whole layer, and a table that is looked up may be one of embeddings.
  private func requireNoOther(than trained: [Int], in node: Node, isBehindLayer: Bool) throws {
    let op = node.op
    let multiplies = op is any ProductOperator || op.role == .matrixProduct
    let combines = op.role.isArithmetic || op.elements == .positionwise || op.sign == .ofAll
    for (position, name) in node.inputs.enumerated() where !trained.contains(position) {
      guard let name, let tensor = constants[name]?.floats, tensor.count > 1 else { continue }
      if multiplies || (combines ? isBehindLayer : position == 0) { throw refusal(name, node) }
    }
  }

  private func refusal(_ name: String, _ node: Node) -> EspalierError {
    EspalierError(
      "it is not known how '\(name)' begins, which '\(node.label)' takes", location: "reinitialise",
      accepted: "convolutions, linear layers, batch and layer norms, slopes, and their biases")
  }
}
