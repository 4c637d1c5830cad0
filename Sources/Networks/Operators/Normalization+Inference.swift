import Tensors

extension Op.BatchNormalization {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    try x.requireRank(2..., "batch, channels, and any number of further axes")
    for position in 1...4 {
      let parameter = try inputs.required(position).shape
      guard parameter == [x[1]] else {
        throw EspalierError(
          "its \(["scale", "bias", "mean", "variance"][position - 1]) has shape \(parameter) for an input of \(x)",
          accepted: "\(x[1]) numbers")
      }
    }
    return [try Fact(x) { usesOwnStatistics ? try normalised(inputs, x) : nil }]
  }

  /// The result by the input's own statistics, of what is known ahead.
  private func normalised(_ inputs: [Fact?], _ shape: Shape) throws -> Constant? {
    guard let x = inputs[0]?.value?.floats, let scale = inputs[1]?.value?.floats, let bias = inputs[2]?.value?.floats else {
      return nil
    }
    let area = shape.dimensions.dropFirst(2).reduce(1, *)
    var result = x.elements
    for channel in 0..<shape[1] {
      let starts = (0..<shape[0]).map { ($0 * shape[1] + channel) * area }
      let values = starts.flatMap { x.elements[$0..<$0 + area] }.map(Double.init)
      guard !values.isEmpty else { continue }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      let factor = Double(scale.elements[channel]) / (variance + Double(epsilon)).squareRoot()
      for start in starts {
        for i in start..<start + area {
          result[i] = Float((Double(x.elements[i]) - mean) * factor + Double(bias.elements[channel]))
        }
      }
    }
    return .float(Tensor(result, shape: shape))
  }
}

extension Op.InstanceNormalization {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    try x.requireRank(3..., "batch, channels, and space")
    for position in 1...2 {
      let parameter = try inputs.required(position).shape
      guard parameter == [x[1]] else {
        throw EspalierError(
          "its \(position == 1 ? "scale" : "bias") has shape \(parameter) for an input of \(x)", accepted: "\(x[1]) numbers")
      }
    }
    return [Fact(x)]
  }
}

extension Op.LayerNormalization {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    let normalised = Shape(Array(x.dimensions[try x.axis(axis)...]))
    for position in 1...2 where position == 1 || position < inputs.count && inputs[position] != nil {
      let parameter = try inputs.required(position).shape
      guard parameter == normalised else {
        throw EspalierError(
          "its \(position == 1 ? "scale" : "bias") has shape \(parameter) for an input of \(x)", accepted: "\(normalised)")
      }
    }
    return [Fact(x)]
  }
}

extension Op.LRN {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    try x.requireRank(2..., "batch, channels, and any number of further axes")
    guard size > 0 else { throw EspalierError("it sums over \(size) channels", accepted: "1 or more") }
    return [Fact(x)]
  }
}
