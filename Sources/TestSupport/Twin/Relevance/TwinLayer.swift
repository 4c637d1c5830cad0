import Networks
import Tensors

/// A convolution or linear layer with its bias and the batch norm behind it folded into its parameters.
struct TwinLayer {
  /// The convolution or matrix product.
  let node: Node
  /// In the operator's own layout.
  private(set) var weight: Tensor<Double>
  /// One number an output channel.
  private(set) var bias: Tensor<Double>?
  /// The value in which the layer ends: the node's own, or that of the last node folded in.
  private(set) var output: String
  /// The nodes folded in.
  private(set) var absorbed: Set<Int> = []

  private let op: any TwinOperator
  private let input: Tensor<Double>
  /// The axis of channels in the output.
  let channelAxis: Int

  /// Makes a layer of a node; nil if the node is none, or its weights depend on the graph's inputs.
  ///
  /// - Parameters:
  ///   - values: the forward pass.
  ///   - computed: the values that depend on the graph's inputs.
  init?(_ node: Node, in graph: Graph, values: [String: Tensor<Double>], computed: Set<String>) {
    switch node.op {
    case let op as Op.Conv: (self.op, channelAxis) = (op, 1)
    case let op as Op.ConvTranspose: (self.op, channelAxis) = (op, 1)
    case let op as Op.Gemm where !op.transposeA: (self.op, channelAxis) = (Op.Gemm(transposeB: op.transposeB), -1)
    case let op as Op.MatMul: (self.op, channelAxis) = (op, -1)
    default: return nil
    }
    guard computed.contains(node.inputs[0]!), node.inputs.dropFirst().allSatisfy({ $0.map { !computed.contains($0) } ?? true })
    else { return nil }
    self.node = node
    input = values[node.inputs[0]!]!
    output = node.outputs[0]
    weight = values[node.inputs[1]!]!
    let channels = values[output]!.shape[channelAxis]
    bias = node.inputs[2, default: nil].map { TwinLayer.vector(values[$0]!, count: channels) }
    if let op = node.op as? Op.Gemm {
      weight = Double(op.alpha) * weight
      bias = bias.map { Double(op.beta) * $0 }
    }
    absorbBias(in: graph, values: values, computed: computed, channels: channels)
    absorbBatchNorm(in: graph, values: values, computed: computed)
  }

  /// The layer's result with other parameters instead of its own.
  func forward(_ x: Tensor<Double>, _ weight: Tensor<Double>, _ bias: Tensor<Double>?) -> Tensor<Double> {
    var y = op.twinForward([x, weight], TwinLayer.setting)[0]
    if let bias { y.add(bias, alongAxis: channelAxis) }
    return y
  }

  /// The transposed product of the output's relevance with other weights instead of its own.
  func transposed(_ s: Tensor<Double>, _ weight: Tensor<Double>) -> Tensor<Double> {
    op.twinBackward([input, weight], outputs: [s], gradients: [s], TwinLayer.setting)[0]!
  }

  private static let setting = TwinSetting(training: false, onIntegers: false, outputs: 1)

  private static func vector(_ bias: Tensor<Double>, count: Int) -> Tensor<Double> {
    Tensor(bias.count == 1 ? [Double](repeating: bias.elements[0], count: count) : bias.elements, shape: [count])
  }

  /// A linear layer on tensors of higher rank is written as a product and an addition.
  private mutating func absorbBias(
    in graph: Graph, values: [String: Tensor<Double>], computed: Set<String>, channels: Int
  ) {
    guard op is Op.MatMul, let next = onlyConsumer(in: graph), next.op is Op.Add,
      let other = next.inputs.compactMap({ $0 }).first(where: { $0 != output }), !computed.contains(other),
      values[other]!.count == 1 || values[other]!.count == channels && values[other]!.shape[-1] == channels
    else { return }
    bias = TwinLayer.vector(values[other]!, count: channels)
    absorb(next)
  }

  /// `W ← W · scale`, `b ← (b − mean) · scale + β` with `scale = γ / √(variance + ε)`.
  private mutating func absorbBatchNorm(in graph: Graph, values: [String: Tensor<Double>], computed: Set<String>) {
    guard let next = onlyConsumer(in: graph), let norm = next.op as? Op.BatchNormalization, next.inputs[0] == output,
      channelAxis == 1 || values[output]!.shape.rank == 2,
      next.inputs.dropFirst().allSatisfy({ !computed.contains($0!) })
    else { return }
    let (gamma, beta, mean) = (values[next.inputs[1]!]!, values[next.inputs[2]!]!, values[next.inputs[3]!]!)
    let scale = gamma.combined(values[next.inputs[4]!]!) { $0 / ($1 + Double(norm.epsilon)).squareRoot() }
    for position in weight.elements.indices { weight.elements[position] *= scale.elements[channel(ofWeight: position)] }
    bias = ((bias ?? mean.map { _ in 0 }) - mean) * scale + beta
    absorb(next)
  }

  private mutating func absorb(_ node: Node) {
    output = node.outputs[0]
    absorbed.insert(node.id)
  }

  private func onlyConsumer(in graph: Graph) -> Node? {
    let consumers = graph.consumers(of: output)
    return consumers.count == 1 && !graph.isOutput(output) ? consumers[0] : nil
  }

  /// The output channel to which a weight leads.
  private func channel(ofWeight position: Int) -> Int {
    switch op {
    case let op as Op.ConvTranspose:
      let (inputs, perGroup) = (weight.shape[0], weight.shape[1])
      let kernel = weight.count / (inputs * perGroup)
      return position / kernel / perGroup / (inputs / op.group) * perGroup + position / kernel % perGroup
    case let op as Op.Gemm where !op.transposeB: return position % weight.shape[-1]
    case is Op.MatMul: return position % weight.shape[-1]
    default: return position / (weight.count / weight.shape[0])
    }
  }
}
