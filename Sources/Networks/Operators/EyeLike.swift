import Tensors

extension Op {
  /// A matrix of the input's shape, 1 on a diagonal and 0 elsewhere.
  public struct EyeLike: Operator {
    public static let name = "EyeLike"
    public static let arity = 1...1
    /// How far the diagonal lies to the right of the main one.
    public var offset: Int
    /// What the result holds; the same as the input if nil.
    public var target: CastTarget?

    /// Makes the operator.
    public init(offset: Int = 0, target: CastTarget? = nil) { (self.offset, self.target) = (offset, target) }
  }
}

extension Op.EyeLike {
  public var sign: SignBehaviour { .nonnegative }

  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    try x.shape.requireRank(2...2, "a matrix")
    let isFloat = target.map { $0 == .float } ?? (x.value?.integers == nil)
    return [
      Fact(x.shape) {
        let columns = x.shape[1]
        let ones = (0..<x.shape.count).map { element in
          let (column, isOverflow) = (element / columns).addingReportingOverflow(offset)
          return !isOverflow && element % columns == column
        }
        return isFloat
          ? .float(Tensor(ones.map { $0 ? 1 : 0 }, shape: x.shape)) : .int64(Tensor(ones.map { $0 ? 1 : 0 }, shape: x.shape))
      }
    ]
  }

  /// A length is no channel; what reads it is checked against the shapes that are left.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {}

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    outputs.map { _ in .constant }
  }
}
