import Tensors

/// What a network costs for one image and holds in weights, layer by layer and in all.
public struct GraphSummary: Hashable, Sendable, Encodable {
  /// One layer.
  public struct Row: Hashable, Sendable, Encodable {
    /// The layer's name.
    public var name: String
    /// The operator's name in ONNX.
    public var `operator`: String
    /// The lengths of the first output's axes for one image, the batch left out.
    public var output: [Int]
    /// Multiply-accumulate operations.
    public var macs: Int
    /// The number of weights that training would change; a weight that several layers read counts at the first.
    public var parameters: Int
  }

  /// A number split by the kind of layer.
  public struct Split: Hashable, Sendable, Encodable {
    /// In convolutions and transposed ones.
    public var convolution = 0
    /// In linear layers and other matrix products.
    public var linear = 0
    /// In batch normalisations.
    public var normalization = 0
    /// In all else.
    public var other = 0

    /// The sum.
    public var total: Int { [linear, normalization, other].reduce(convolution) { $0.saturatingSum($1) } }
  }

  /// The graph's name.
  public var name: String
  /// Multiply-accumulate operations of convolutions and matrix products.
  public var macs: Int
  /// The number of weights that training would change.
  ///
  /// The running mean and variance of batch normalisation do not count.
  public var parameters: Int
  /// 2 × MACs.
  public var flops: Int
  /// The survey's count, 2·H·W·(Cᵢ·K² + 1)·Cₒ: every linear output has a bias, whether it does or not.
  ///
  /// In a grouped convolution Cᵢ is the number of channels that a filter sees.
  ///
  /// Source: A. Alqahtani, X. Xie, M. W. Jones, "Literature review of deep network compression", Informatics 8(4), 2021, section
  /// 1.
  public var surveyFlops: Int
  /// Additions of biases that are there.
  public var biasAdditions: Int
  /// Operations of all operators but convolutions and matrix products, one an output element.
  public var elementwise: Int
  /// The elements of all outputs of linear layers.
  public var activations: Int
  /// MACs by kind of layer.
  public var macsByKind: Split
  /// Weights by kind of layer.
  public var parametersByKind: Split
  /// The layers in execution order; constants and shape arithmetic are left out.
  public var layers: [Row]
}

extension Graph {
  /// What the network costs for one image and holds in weights.
  ///
  /// MACs are Σ Hₒ·Wₒ·Cₒ·(Cᵢ / g)·kₕ·k_w over convolutions (input and output swapped in transposed ones) and Σ in·out over linear
  /// layers; neither biases nor batch normalisation nor activations count among them.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public func summary() throws -> GraphSummary {
    let folded = try ConstantFolding().canonize(self)
    let names = Dictionary(layers.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    let images = max(fixedBatch ?? 1, 1)
    let facts = try folded.facts(batch: images)
    var counted: Set<String> = []
    var total = Cost()
    var activations = 0
    var macs = GraphSummary.Split()
    var parameters = GraphSummary.Split()
    var rows: [GraphSummary.Row] = []
    for node in folded.nodes {
      let outputs = node.outputs.compactMap { facts[$0]?.shape }
      let cost = node.op.cost(inputs: node.inputs.map { $0.flatMap { facts[$0]?.shape } }, outputs: outputs)
      let weights = folded.trainedConstants(of: node).filter { counted.insert(origin(of: $0)).inserted }
        .reduce(0) { $0 + (folded.constants[$1]?.floats?.count ?? 0) }
      let lengths = outputs.first?.dimensions ?? []
      rows.append(
        GraphSummary.Row(
          name: names[node.id] ?? node.label, operator: node.op.name,
          output: lengths.first == images ? Array(lengths.dropFirst()) : lengths, macs: cost.macs / images,
          parameters: weights))
      total = total + cost
      macs[keyPath: node.op.kind] = macs[keyPath: node.op.kind].saturatingSum(cost.macs / images)
      parameters[keyPath: node.op.kind] += weights
      if node.op.isLinear { activations = activations.saturatingSum((outputs.first?.count ?? 0) / images) }
    }
    return GraphSummary(
      name: name, macs: macs.total, parameters: parameters.total, flops: macs.total.saturatingProduct(2),
      surveyFlops: macs.total.saturatingSum(activations).saturatingProduct(2), biasAdditions: total.biasAdditions / images,
      elementwise: total.elementwise / images, activations: activations, macsByKind: macs, parametersByKind: parameters,
      layers: rows)
  }
  /// The value that another one is the copy of, so that a weight which layers share counts once.
  private func origin(of value: String) -> String {
    var value = value
    while let node = producer(of: value), node.op.elements == .copied, case let source?? = node.inputs.first { value = source }
    return value
  }
}

extension Operator {
  fileprivate var kind: WritableKeyPath<GraphSummary.Split, Int> {
    switch role {
    case .convolution: \.convolution
    case .matrixProduct: \.linear
    case _ where trainable.values.contains(.normScale): \.normalization
    default: \.other
    }
  }
}
