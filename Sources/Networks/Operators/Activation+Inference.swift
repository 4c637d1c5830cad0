import Tensors

/// An operator whose output has its first input's shape, whatever that is.
protocol ShapeKeeping: Operator {}

extension ShapeKeeping {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [Fact(try inputs.required(0).shape)] }
}

extension Op.Relu: ShapeKeeping {}
extension Op.LeakyRelu: ShapeKeeping {}
extension Op.Sigmoid: ShapeKeeping {}
extension Op.HardSigmoid: ShapeKeeping {}
extension Op.HardSwish: ShapeKeeping {}
extension Op.Tanh: ShapeKeeping {}
extension Op.Elu: ShapeKeeping {}

extension Op.PRelu {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    try inputs.required(1).shape.requireBroadcast(to: x, "slope")
    return [Fact(x)]
  }
}

extension Op.Clip {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    for place in 1...2 {
      guard let bound = inputs.optional(place)?.shape else { continue }
      guard bound.count == 1 else { throw EspalierError("a bound of shape \(bound)", accepted: "one number") }
    }
    return [Fact(try inputs.required(0).shape)]
  }
}

extension Op.Softmax {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    _ = try x.axis(axis)
    return [Fact(x)]
  }
}

extension Op.LogSoftmax {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    _ = try x.axis(axis)
    return [Fact(x)]
  }
}
