import Tensors

extension Op.MaxPool {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    guard outputs <= 1 else { throw EspalierError("it names \(outputs) outputs", accepted: "1, the largest values") }
    return [Fact(try pooledShape(inputs.required(0).shape, kernel: kernel, window: window))]
  }
}

extension Op.AveragePool {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [Fact(try pooledShape(inputs.required(0).shape, kernel: kernel, window: window))]
  }
}

extension Op.GlobalAveragePool {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [Fact(try globallyPooledShape(inputs.required(0).shape))]
  }
}

extension Op.GlobalMaxPool {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [Fact(try globallyPooledShape(inputs.required(0).shape))]
  }
}

private func pooledShape(_ x: Shape, kernel: [Int], window: Window) throws -> Shape {
  try x.requireRank(3..., "batch, channels and one spatial axis or more")
  return try Shape(validating: [x[0], x[1]] + window.placement(input: x.spatial, kernel: kernel).output)
}

private func globallyPooledShape(_ x: Shape) throws -> Shape {
  try x.requireRank(3..., "batch, channels and one spatial axis or more")
  return try Shape(validating: [x[0], x[1]] + x.spatial.map { _ in 1 })
}
