import Tensors

extension Op {
  /// Where a tensor is not 0: `[rank, count]`, a column of indices for each such element.
  public struct NonZero: Operator {
    public static let name = "NonZero"
    public static let arity = 1...1

    /// Makes the operator.
    public init() {}
  }
}

extension Op.NonZero {
  public var sign: SignBehaviour { .nonnegative }

  /// The shape follows from the elements, which must be known.
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    guard let value = x.value else {
      throw EspalierError("what it counts depends on the network's input", accepted: "values known before the network is run")
    }
    let found = value.numbers.enumerated().filter { $0.element != 0 }.map(\.offset)
    let shape = try Shape(validating: [x.shape.rank, found.count])
    let (lengths, strides) = (x.shape.dimensions, x.shape.strides)
    let indices = zip(lengths, strides).flatMap { length, stride in found.map { Int64($0 / stride % length) } }
    return [Fact(.int64(Tensor(indices, shape: shape)))]
  }

  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    flow.stop(node, "NonZero '\(node.label)' counts them")
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    outputs.map { _ in .mixed("it counts over all images") }
  }
}
