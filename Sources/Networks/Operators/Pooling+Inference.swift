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

extension Op.ReduceMean {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    let reduced = Set(try reducedAxes(of: x, declared: inputs.integers(1, "axes")))
    let lengths = x.dimensions.enumerated().compactMap { reduced.contains($0) ? (keepsAxes ? 1 : nil) : $1 }
    return [Fact(try Shape(validating: lengths))]
  }

  /// The axes that are averaged over, given the second input's elements or nil where it is left out.
  ///
  /// - Throws: `EspalierError` if an axis does not exist or repeats.
  public func reducedAxes(of shape: Shape, declared: [Int]?) throws -> [Int] {
    guard let declared, !declared.isEmpty else { return emptyMeansNone ? [] : Array(0..<shape.rank) }
    return try shape.axes(declared).sorted()
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
