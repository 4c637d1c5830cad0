import Tensors

extension Op.BatchNormalization {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    try x.requireRank(2..., "batch, channels, and any number of further axes")
    for place in 1...4 {
      let parameter = try inputs.required(place).shape
      guard parameter == [x[1]] else {
        throw EspalierError(
          "its \(["scale", "bias", "mean", "variance"][place - 1]) has shape \(parameter) for an input of \(x)",
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
    for place in 1...2 where place == 1 || place < inputs.count && inputs[place] != nil {
      let parameter = try inputs.required(place).shape
      guard parameter == normalised else {
        throw EspalierError(
          "its \(place == 1 ? "scale" : "bias") has shape \(parameter) for an input of \(x)", accepted: "\(normalised)")
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
