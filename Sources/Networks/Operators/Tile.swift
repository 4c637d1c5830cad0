import Tensors

extension Op {
  /// A tensor beside itself: along each axis as often as the second input says.
  public struct Tile: Operator {
    public static let name = "Tile"
    public static let arity = 2...2

    /// Makes the operator.
    public init() {}
  }
}

extension Op.Tile {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    guard let repeats = try inputs.integers(1, "repeats"), repeats.count == x.shape.rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw EspalierError("its repeats do not fit \(x.shape)", accepted: "one number an axis, 0 or more")
    }
    let lengths = zip(x.shape.dimensions, repeats).map { $0.multipliedReportingOverflow(by: $1) }
    guard lengths.allSatisfy({ !$0.overflow }) else { throw EspalierError("repeats \(repeats) of \(x.shape) are too many") }
    let shape = try Shape(validating: lengths.map(\.partialValue))
    return [
      Fact(shape) {
        switch x.value {
        case .float(let tensor): .float(tiled(tensor, shape))
        case .int64(let tensor): .int64(tiled(tensor, shape))
        case nil: nil
        }
      }
    ]
  }

  private func tiled<Scalar>(_ x: Tensor<Scalar>, _ shape: Shape) -> Tensor<Scalar> {
    var positions = [0]
    for axis in 0..<shape.rank {
      let stride = x.shape.strides[axis]
      positions = positions.flatMap { start in (0..<shape[axis]).map { start + $0 % x.shape[axis] * stride } }
    }
    return Tensor(shape.count == 0 ? [] : positions.map { x.elements[$0] }, shape: shape)
  }

  /// Copies of a channel go and stay together.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0) else { return }
    let (from, to) = (flow.shape(input), flow.shape(node.outputs[0]))
    if flow.constant(node, 0) != nil { return flow.defineConstant(node.outputs[0], from: input, of: node) }
    guard let own = flow.channels[input] else { return }
    flow.define(
      node.outputs[0],
      own.axes.reduce(own) { own, axis in own.taking((0..<to[axis]).map { $0 % max(from[axis], 1) }, along: axis) })
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
    return outputs.map { shape in
      if input.images == .constant { return .constant }
      return placement.moved(input.images, "it repeats the images") { input.shape[$0] == shape[$0] ? $0 : nil }
    }
  }
}
