import Tensors

/// `scale[c] · x + shift[c]` for every channel c of axis 1.
struct ChannelScale {
  /// The value that is scaled.
  var input: String
  /// One factor a channel.
  var scale: [Double]
  /// One term a channel.
  var shift: [Double]
}

extension Graph {
  /// What a node does, if that is to scale and shift channels by constants: batch normalisation, or arithmetic with a constant.
  func channelScale(_ node: Node, _ facts: [String: Fact]) -> ChannelScale? {
    guard let shape = facts[node.outputs[0]]?.shape, shape.rank >= 2 else { return nil }
    if let norm = node.op as? Op.BatchNormalization { return channelScale(norm, node) }
    guard node.inputs.count == 2, let first = node.inputs[0], let second = node.inputs[1] else { return nil }
    let isSecond = constants[first] == nil
    let input = isSecond ? first : second
    guard facts[input]?.shape == shape, constants[input] == nil,
      let numbers = perChannel(isSecond ? second : first, of: shape)
    else { return nil }
    let ones = numbers.map { _ in 1.0 }
    let zeros = numbers.map { _ in 0.0 }
    switch node.op.role {
    case .sum: return ChannelScale(input: input, scale: ones, shift: numbers)
    case .difference:
      return isSecond
        ? ChannelScale(input: input, scale: ones, shift: numbers.map { -$0 })
        : ChannelScale(input: input, scale: ones.map { -$0 }, shift: numbers)
    case .product: return ChannelScale(input: input, scale: numbers, shift: zeros)
    case .quotient where isSecond && !numbers.contains(0):
      return ChannelScale(input: input, scale: numbers.map { 1 / $0 }, shift: zeros)
    default: return nil
    }
  }

  private func channelScale(_ norm: Op.BatchNormalization, _ node: Node) -> ChannelScale? {
    let parameters = node.inputs.dropFirst().compactMap { $0.flatMap { constants[$0]?.floats?.elements } }
    guard let input = node.inputs[0], parameters.count == 4 else { return nil }
    let scale = zip(parameters[0], parameters[3]).map { Double($0) / (Double($1) + Double(norm.epsilon)).squareRoot() }
    let shift = zip(scale, zip(parameters[1], parameters[2])).map { Double($1.0) - $0 * Double($1.1) }
    guard (scale + shift).allSatisfy(\.isFinite) else { return nil }
    return ChannelScale(input: input, scale: scale, shift: shift)
  }

  /// A constant that holds one number for each channel of a shape, or one for all.
  private func perChannel(_ name: String, of shape: Shape) -> [Double]? {
    guard let tensor = constants[name]?.floats, tensor.shape.rank <= shape.rank else { return nil }
    let lengths = [Int](repeating: 1, count: shape.rank - tensor.shape.rank) + tensor.shape.dimensions
    guard lengths.enumerated().allSatisfy({ $1 == 1 || ($0 == 1 && $1 == shape[1]) }) else { return nil }
    let numbers = tensor.elements.map(Double.init)
    return numbers.count == 1 ? [Double](repeating: numbers[0], count: shape[1]) : numbers
  }
}
