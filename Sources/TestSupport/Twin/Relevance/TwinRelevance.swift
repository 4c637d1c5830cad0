import Networks
import Tensors

/// Layer-wise relevance propagation through a graph, in double precision and written for clarity.
public struct TwinRelevance: Sendable {
  /// The network and its parameters.
  public let twin: Twin

  /// Makes it for a network.
  public init(_ twin: Twin) { self.twin = twin }

  /// Relevance at the output of a convolution or linear layer, behind the batch norm folded into it.
  public struct Layer: Sendable {
    /// The convolution or matrix product.
    public let node: Node
    /// The value in which the layer ends.
    public let output: String
    /// Relevance of the value's shape.
    public let relevance: Tensor<Double>
    /// The same summed over every axis but batch and channels, `[N, C]`.
    public let sums: Tensor<Double>
  }

  /// What a pass found.
  public struct Result: Sendable {
    /// The forward pass.
    public let values: [String: Tensor<Double>]
    /// Relevance at each value that it reached; the inputs are among them.
    public let relevance: [String: Tensor<Double>]
    /// The layers that relevance reached, in execution order.
    public let layers: [Layer]
  }

  /// The value at which relevance starts for a graph's output: what a final softmax reads, or the output itself.
  public func start(for output: String) -> String {
    guard let last = twin.graph.producer(of: output), last.op is Op.Softmax || last.op is Op.LogSoftmax else { return output }
    return last.inputs[0]!
  }

  /// Propagates relevance from an output back to every value.
  ///
  /// - Parameters:
  ///   - inputs: what the graph is fed.
  ///   - composite: which rules are used; nil for the plain gradient.
  ///   - output: the graph's output, the first if nil.
  ///   - start: from the value at ``start(for:)`` to the relevance there.
  public func propagate(
    _ inputs: [String: Tensor<Double>], composite: TwinComposite?, output: String? = nil,
    start: (Tensor<Double>) -> Tensor<Double>
  ) -> Result {
    let graph = twin.graph
    let values = twin.forward(inputs)
    let computed = computedValues
    let layers = graph.nodes.compactMap { TwinLayer($0, in: graph, values: values, computed: computed) }
    let layerOfNode = Dictionary(uniqueKeysWithValues: layers.map { ($0.node.id, $0) })
    let absorbed = layers.reduce(into: Set<Int>()) { $0.formUnion($1.absorbed) }
    let firstConvolution = layers.first { $0.channelAxis == 1 }?.node.id

    // Where relevance is stopped, nothing before it counts.
    var live = Set(graph.inputs.map(\.name)).intersection(computed)
    for node in graph.nodes {
      if case .stop? = composite?.rule(of: node, addsBranches: false, averagesSpace: false)?.kind { continue }
      if node.inputs.contains(where: { $0.map(live.contains) ?? false }) {
        live.formUnion(node.outputs.filter(computed.contains))
      }
    }

    let seed = self.start(for: output ?? graph.outputs[0])
    let relevance = twin.propagate([seed: start(values[seed]!)]) { node, arrived in
      // What is folded into a layer hands relevance on as it is.
      if absorbed.contains(node.id) {
        return node.inputs.map { $0.map(computed.contains) ?? false ? arrived[0] : nil }
      }
      let layerRule = layerOfNode[node.id].flatMap { layer in
        composite?.rule(
          isConvolution: layer.channelAxis == 1, isFirstLayer: node.id == layers[0].node.id,
          isFirstConvolution: node.id == firstConvolution)
      }
      if let layer = layerOfNode[node.id] {
        let x = values[node.inputs[0]!]!
        let share = layerRule?.relevance(of: layer, at: x, from: arrived[0]!) ?? layer.transposed(arrived[0]!, layer.weight)
        return [share] + node.inputs.dropFirst().map { _ in nil }
      }
      let branches = node.inputs.filter { $0.map(computed.contains) ?? false }.count
      let rule = composite?.rule(
        of: node, addsBranches: (node.op is Op.Add || node.op is Op.Sum) && branches > 1,
        averagesSpace: averagesSpace(node, values))
      let shares =
        rule?.relevance(of: node, twin: twin, values: values, live: live, from: arrived[0]!)
        ?? twin.gradientsOfInputs(of: node, values: values, gradients: arrived)
      return zip(node.inputs, shares).map { name, share in name.map(live.contains) ?? false ? share : nil }
    }
    return Result(
      values: values, relevance: relevance,
      layers: layers.compactMap { layer in
        relevance[layer.output].map { relevance in
          Layer(
            node: layer.node, output: layer.output, relevance: relevance,
            sums: relevance.summedOverSpace(channelAxis: layer.channelAxis))
        }
      })
  }

  /// The values that depend on the graph's inputs, apart from their shapes.
  private var computedValues: Set<String> {
    var computed = Set(twin.graph.inputs.map(\.name)).subtracting(twin.graph.constants.keys)
    for node in twin.graph.nodes where !(node.op is Op.ShapeOf) {
      if node.inputs.contains(where: { $0.map(computed.contains) ?? false }) { computed.formUnion(node.outputs) }
    }
    return computed
  }

  private func averagesSpace(_ node: Node, _ values: [String: Tensor<Double>]) -> Bool {
    switch node.op {
    case is Op.AveragePool, is Op.GlobalAveragePool: return true
    case let op as Op.ReduceMean:
      let x = values[node.inputs[0]!]!
      return x.shape.rank > 2 && op.reducedAxes(node.inputs.map { $0.flatMap { values[$0] } }) == Set(2..<x.shape.rank)
    default: return false
    }
  }
}

/// `[N, K]`: 1 at each sample's class, 0 elsewhere.
public func oneHot(_ classes: [Int], count: Int) -> Tensor<Double> {
  var result = Tensor<Double>(repeating: 0, shape: [classes.count, count])
  for (sample, label) in classes.enumerated() { result[sample, label] = 1 }
  return result
}

extension Tensor where Scalar == Double {
  /// `[N, C]` of `[N, C, …]` or, with channels last, `[N, …, C]`.
  fileprivate func summedOverSpace(channelAxis: Int) -> Tensor {
    let samples = (0..<shape[0]).map { rows($0..<$0 + 1).summed(alongAxis: channelAxis).elements }
    return Tensor(samples.flatMap { $0 }, shape: [shape[0], shape[channelAxis]])
  }
}
