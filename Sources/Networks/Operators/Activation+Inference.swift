import Tensors

extension Op.PRelu {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    try inputs.required(1).shape.requireBroadcast(to: x, "slope")
    return [Fact(x)]
  }
}

extension Op.Clip {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    for position in 1...2 {
      guard let bound = inputs.optional(position)?.shape else { continue }
      guard bound.count == 1 else { throw EspalierError("a bound of shape \(bound)", accepted: "one number") }
    }
    let x = try inputs.required(0)
    guard let bounds = try bounds(inputs) else { return [Fact(x.shape)] }
    return [Fact(x.shape) { x.value?.floats.map { .float($0.map { bounds.clip($0) }) } }]
  }

  /// The bounds, where both that are given are known; infinite ones where they are left out.
  func bounds(_ inputs: [Fact?]) throws -> ClipBounds? {
    func bound(_ position: Int, _ open: Float) -> Float? {
      guard let fact = inputs.optional(position) else { return open }
      return fact.value?.floats?.elements.first
    }
    guard let low = bound(1, -.infinity), let high = bound(2, .infinity) else { return nil }
    return ClipBounds(low: low, high: high)
  }
}

/// What a ``Op/Clip`` keeps numbers between: `min(max(x, low), high)`, so that the upper bound wins where they cross.
public struct ClipBounds: Hashable, Sendable {
  /// The lower bound.
  public var low: Float
  /// The upper bound.
  public var high: Float

  /// Makes bounds.
  public init(low: Float = -.infinity, high: Float = .infinity) {
    self.low = low
    self.high = high
  }

  /// The number within the bounds; NaN stays.
  public func clip(_ x: Float) -> Float {
    let above = x < low ? low : x
    return above > high ? high : above
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
