import Tensors

extension Op {
  /// A linear layer along the last axis of a tensor of rank 3 or more, `[N, …, K] → [N, …, M]`, weight `[K, M]`, bias `[M]` or
  /// none.
  ///
  /// ONNX has no such operator: `torch.nn.Linear` comes as a `MatMul` and an `Add`, of which ``TokenLinearFolding`` makes one for
  /// computing, so that rules of relevance see the bias. It is in no file and in no catalog.
  public struct TokenLinear: Operator {
    public static let name = "MatMul"
    public static let arity = 2...3

    /// Makes the operator.
    public init() {}

    public var role: OperatorRole { .matrixProduct }
    public var trainable: [Int: ParameterRole] { [1: .weight, 2: .bias] }

    public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
      let (x, weight) = (try inputs.required(0).shape, try inputs.required(1).shape)
      try x.requireRank(3..., "tokens, [N, …, K]")
      try weight.requireRank(2...2, "a matrix")
      guard x[-1] == weight[0] else { throw EspalierError("a weight of \(weight) meets an input of \(x)") }
      return [Fact(try Shape(validating: x.dimensions.dropLast() + [weight[1]]))]
    }

    public func cost(inputs: [Shape?], outputs: [Shape]) -> Cost {
      MatMul().cost(inputs: Array(inputs.prefix(2)), outputs: outputs)
    }

    public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
      flow.stop(node, "MatMul '\(node.label)' is in the form that is computed with")
    }
  }
}
