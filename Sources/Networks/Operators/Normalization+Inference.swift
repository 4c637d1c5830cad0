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
