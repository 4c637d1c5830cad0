import Networks
import Tensors

/// A slow, plain interpreter of graphs in double precision: what the engine, its gradients and relevance are tested against.
///
/// It is written from the formulas of ONNX (opset 18) and shares nothing with what it tests: it derives every size itself and
/// uses no shape inference. Integers are carried as doubles. A graph that is not valid traps.
public struct Twin: Sendable {
  /// The network.
  public let graph: Graph
  /// Every constant in double precision; may be replaced by more exact values than a graph can hold.
  public var parameters: [String: Tensor<Double>]
  /// Whether batch normalisations use (and differentiate) the statistics of the batch, as a training step does.
  public var training: Bool

  private let integerValues: Set<String>

  /// Makes an interpreter of a graph.
  public init(_ graph: Graph, training: Bool = false) {
    self.graph = graph
    self.training = training
    parameters = Dictionary(uniqueKeysWithValues: graph.constants.map { ($0.key, Tensor<Double>($0.value)) })
    integerValues = Twin.integerValues(of: graph)
  }

  /// Every value of the graph: inputs, constants and what the nodes define.
  public func forward(_ inputs: [String: Tensor<Double>]) -> [String: Tensor<Double>] {
    var values = parameters.merging(inputs) { _, input in input }
    for node in graph.nodes {
      let arguments = node.inputs.map { name in name.map { values[$0]! } }
      let results = Twin.implementation(of: node).twinForward(arguments, setting(of: node))
      for (name, result) in zip(node.outputs, results) where !name.isEmpty { values[name] = result }
    }
    return values
  }

  /// Gradients of `Σ outputGradients · outputs` with respect to every value that it depends on, weights included.
  ///
  /// A maximum is won by the first of equals; at the kink of an activation the gradient is that of its flat side.
  ///
  /// - Parameters:
  ///   - values: what ``forward(_:)`` returned.
  ///   - outputGradients: a tensor of the value's shape for each value to start from.
  public func backward(
    values: [String: Tensor<Double>], outputGradients: [String: Tensor<Double>]
  ) -> [String: Tensor<Double>] {
    propagate(outputGradients) { node, gradients in gradientsOfInputs(of: node, values: values, gradients: gradients) }
  }

  /// Walks the nodes backwards and adds up at every value what `step` gives to it.
  ///
  /// - Parameter step: from a node and the sums at its outputs (nil where nothing arrived) to what its inputs are given.
  public func propagate(
    _ seeds: [String: Tensor<Double>], step: (Node, [Tensor<Double>?]) -> [Tensor<Double>?]
  ) -> [String: Tensor<Double>] {
    var sums = seeds
    for node in graph.nodes.reversed() {
      let arrived = node.outputs.map { sums[$0] }
      guard arrived.contains(where: { $0 != nil }) else { continue }
      for (name, share) in zip(node.inputs, step(node, arrived)) {
        if let name, let share { sums[name] = sums[name].map { $0 + share } ?? share }
      }
    }
    return sums
  }

  /// The vector-Jacobian products of one node.
  public func gradientsOfInputs(
    of node: Node, values: [String: Tensor<Double>], gradients: [Tensor<Double>?]
  ) -> [Tensor<Double>?] {
    guard !node.outputs.allSatisfy({ integerValues.contains($0) }) else { return node.inputs.map { _ in nil } }
    let outputs = node.outputs.map { values[$0] ?? Tensor(repeating: 0, shape: [0]) }
    return Twin.implementation(of: node).twinBackward(
      node.inputs.map { name in name.map { values[$0]! } }, outputs: outputs,
      gradients: zip(gradients, outputs).map { $0 ?? Tensor(repeating: 0, shape: $1.shape) }, setting(of: node))
  }

  static func implementation(of node: Node) -> any TwinOperator {
    guard let implementation = node.op as? any TwinOperator else { preconditionFailure("the twin lacks \(node.op.name)") }
    return implementation
  }

  private func setting(of node: Node) -> TwinSetting {
    TwinSetting(
      training: training, onIntegers: node.outputs.contains { integerValues.contains($0) }, outputs: node.outputs.count)
  }

  private static func integerValues(of graph: Graph) -> Set<String> {
    var integers = Set(graph.constants.filter { $0.value.integers != nil }.keys)
    for node in graph.nodes {
      let isInteger =
        switch node.op {
        case is Op.ShapeOf: true
        case let op as Op.ConstantValue: op.value.integers != nil
        case let op as Op.ConstantOfShape: op.value.integers != nil
        case let op as Op.Cast: !op.toFloat
        default: node.inputs.first.map { $0.map(integers.contains) ?? false } ?? false
        }
      if isInteger { integers.formUnion(node.outputs) }
    }
    return integers
  }
}

extension Tensor where Scalar == Double {
  /// The elements of a constant in double precision.
  public init(_ constant: Constant) {
    switch constant {
    case .float(let tensor): self = tensor.map(Double.init)
    case .int64(let tensor): self = tensor.map(Double.init)
    }
  }
}
