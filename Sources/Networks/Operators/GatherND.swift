import Tensors

extension Op {
  /// Elements of the first input, or whole parts of it, picked by the indices along the last axis of the second.
  public struct GatherND: Operator {
    public static let name = "GatherND"
    public static let arity = 2...2
    /// The leading axes that both inputs have, along which nothing is picked.
    public var batchAxes: Int

    /// Makes the operator.
    public init(batchAxes: Int = 0) { self.batchAxes = batchAxes }
  }
}

extension Op.GatherND {
  public var elements: ElementFlow { .moved }
  public var sign: SignBehaviour { .ofFirst }

  /// The number of axes of the data that are picked along, those of the batch in front.
  private func pickedAxes(_ data: Shape, _ indices: Shape) throws -> Int {
    guard batchAxes >= 0, indices.rank > batchAxes, let depth = indices.dimensions.last, depth > 0,
      case (let picked, false) = batchAxes.addingReportingOverflow(depth), picked <= data.rank,
      data.dimensions.prefix(batchAxes) == indices.dimensions.prefix(batchAxes)
    else {
      throw EspalierError(
        "its indices have shape \(indices) for data of \(data) and \(batchAxes) batch axes",
        accepted: "at most an index an axis, behind the same batch axes")
    }
    return picked
  }

  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let (data, indices) = (try inputs.required(0), try inputs.required(1))
    let picked = try pickedAxes(data.shape, indices.shape)
    let shape = try Shape(validating: indices.shape.dimensions.dropLast() + data.shape.dimensions[picked...])
    return [
      try Fact(shape) {
        guard indices.value != nil, let value = data.value else { return nil }
        let starts = try starts(inputs)
        let size = data.shape.dimensions[picked...].reduce(1, *)
        switch value {
        case .float(let x): return .float(Tensor(starts.flatMap { x.elements[$0..<$0 + size] }, shape: shape))
        case .int64(let x): return .int64(Tensor(starts.flatMap { x.elements[$0..<$0 + size] }, shape: shape))
        }
      }
    ]
  }

  /// The first element of each part that is picked, in the order of the indices.
  ///
  /// - Throws: `EspalierError` for an index that there is not, and for indices that depend on the network's input.
  public func starts(_ inputs: [Fact?]) throws -> [Int] {
    let data = try inputs.required(0).shape
    guard let indices = try inputs.integers(1, "indices") else { throw EspalierError("its indices are left out") }
    let shape = try inputs.required(1).shape
    let picked = try pickedAxes(data, shape)
    let (depth, strides) = (picked - batchAxes, data.strides)
    let rows = shape.dimensions.dropFirst(batchAxes).dropLast().reduce(1, *)
    return try (0..<indices.count / depth).map { row in
      var (start, batch) = (0, row / max(rows, 1))
      for axis in (0..<batchAxes).reversed() {
        start += batch % data[axis] * strides[axis]
        batch /= data[axis]
      }
      for axis in 0..<depth {
        let (index, length) = (indices[row * depth + axis], data[batchAxes + axis])
        guard index >= -length, index < length else {
          throw EspalierError(
            "there is no index \(index) on axis \(batchAxes + axis) of \(data)", accepted: "\(-length) to \(length - 1)")
        }
        start += (index < 0 ? index + length : index) * strides[batchAxes + axis]
      }
      return start
    }
  }

  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let data = flow.input(node, 0), let indices = flow.input(node, 1), let own = flow.channels[data] else { return }
    let shape = flow.shape(indices)
    let picked = try pickedAxes(flow.shape(data), shape)
    guard flow.facts[indices]?.value != nil, own.axes.allSatisfy({ $0 >= picked }) else {
      return flow.stop(node, "GatherND '\(node.label)' takes single ones of them")
    }
    flow.pass(node) { $0 - picked + shape.rank - 1 }
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard inputs.count > 1, let data = inputs[0], let indices = inputs[1],
      let picked = try? pickedAxes(data.fact.shape, indices.fact.shape)
    else { return outputs.map { _ in .constant } }
    guard indices.images == .constant else { return outputs.map { _ in .mixed("its indices depend on the images") } }
    return outputs.map { _ in
      placement.moved(data.images, "it picks along the images' axis") {
        $0 >= picked ? $0 - picked + indices.fact.shape.rank - 1 : nil
      }
    }
  }
}
