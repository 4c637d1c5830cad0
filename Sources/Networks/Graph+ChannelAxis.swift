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
