import Tensors

extension Graph {
  /// The axis of the first input that counts its channels, told from the layers that read it: 1 before a convolution, the last
  /// one where a Transpose stands between, as in networks made by TensorFlow; nil if no such layer reads it.
  public var channelAxis: Int? {
    guard let input = inputs.first else { return nil }
    var seen: Set<String> = []
    // The axes of a value, each by the axis of the input that it was.
    func search(_ value: String, _ axes: [Int]) -> Int? {
      guard seen.insert(value).inserted, axes.count > 1 else { return nil }
      for node in consumers(of: value)
      where node.inputs.first == value || node.op.elements == .positionwise {
        switch node.op {
        case is Op.AveragePool, is Op.GlobalAveragePool,
          _ where [.convolution, .maximum, .normalization].contains(node.op.role):
          return axes[1]
        case let transpose as Op.Transpose:
          guard let order = try? transpose.order(rank: axes.count) else { continue }
          if let axis = search(node.outputs[0], order.map { axes[$0] }) { return axis }
        case is Op.Pad,
          _ where node.op.elements.keepsPositions:
          if let axis = search(node.outputs[0], axes) { return axis }
        default: continue
        }
      }
      return nil
    }
    return search(input.name, Array(input.dimensions.indices))
  }

  /// The axis of a value that counts its channels, told from the layer it comes from: the second behind a convolution, the last
  /// behind a linear layer, and where a Transpose brings it; nil where that cannot be told.
  func channelAxis(of value: String, rank: Int) -> Int? {
    var value = value
    // Where each axis comes from: the axes of the value under way, in the order of those of the value asked for.
    var axes = Array(0..<rank)
    while let node = producer(of: value) {
      switch node.op.role {
      case .convolution, .normalization: return axes.firstIndex(of: 1)
      case .matrixProduct: return axes.firstIndex(of: rank - 1)
      default: break
      }
      switch node.op {
      case let transpose as Op.Transpose:
        guard let order = try? transpose.order(rank: rank) else { return nil }
        axes = axes.map { order[$0] }
      case is any ElementwiseOperator, is Op.Clip, is Op.Identity, is Op.Dropout, is Op.Cast, is Op.Softmax, is Op.LogSoftmax,
        is Op.Resize, is Op.MaxPool, is Op.AveragePool, is Op.Add, is Op.Sub, is Op.Mul, is Op.Div:
        break
      default: return nil
      }
      guard case let input?? = node.inputs.first(where: { $0.map { constants[$0] == nil } ?? false }) else { return nil }
      value = input
    }
    return nil
  }

  /// The inputs that a result depends on.
  ///
  /// - Parameter output: the result; any of them if nil.
  public func inputs(neededFor output: String?) -> [GraphInput] {
    var needed = Set(output.map { [$0] } ?? outputs)
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs.compactMap { $0 })
    }
    return inputs.filter { needed.contains($0.name) }
  }
}
