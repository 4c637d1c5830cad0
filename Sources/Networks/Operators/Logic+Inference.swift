import Tensors

extension Op.Equal {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [try compared(inputs, floats: ==, integers: ==)] }
}

extension Op.Greater {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [try compared(inputs, floats: >, integers: >)] }
}

extension Op.GreaterOrEqual {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [try compared(inputs, floats: >=, integers: >=)] }
}

extension Op.Less {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [try compared(inputs, floats: <, integers: <)] }
}

extension Op.LessOrEqual {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] { [try compared(inputs, floats: <=, integers: <=)] }
}

extension Op.And {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [try compared(inputs, floats: { $0 != 0 && $1 != 0 }, integers: { $0 != 0 && $1 != 0 })]
  }
}

extension Op.Or {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [try compared(inputs, floats: { $0 != 0 || $1 != 0 }, integers: { $0 != 0 || $1 != 0 })]
  }
}

extension Op.Not {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    return [Fact(x.shape) { x.value?.integers.map { .int64(Tensor($0.map { $0 == 0 ? 1 : 0 }, shape: x.shape)) } }]
  }
}

extension Op.Where {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let (condition, yes, no) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
    let shape = try condition.shape.broadcast(with: yes.shape).broadcast(with: no.shape)
    return [
      Fact(shape) {
        guard case .int64(let choice)? = condition.value else { return nil }
        let choices = choice.broadcast(to: shape).elements
        switch (yes.value, no.value) {
        case (.float(let a), .float(let b)): return .float(chosen(choices, a, b, shape))
        case (.int64(let a), .int64(let b)): return .int64(chosen(choices, a, b, shape))
        default: return nil
        }
      }
    ]
  }

  private func chosen<Scalar>(_ choices: [Int64], _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ shape: Shape) -> Tensor<Scalar> {
    let (a, b) = (a.broadcast(to: shape).elements, b.broadcast(to: shape).elements)
    return Tensor(choices.indices.map { choices[$0] != 0 ? a[$0] : b[$0] }, shape: shape)
  }
}

/// 1 where two operands compare so, 0 elsewhere, if both are known.
private func compared(
  _ inputs: [Fact?], floats: (Float, Float) -> Bool, integers: (Int64, Int64) -> Bool
) throws -> Fact {
  let (a, b) = (try inputs.required(0), try inputs.required(1))
  let shape = try a.shape.broadcast(with: b.shape)
  func all<Scalar>(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ holds: (Scalar, Scalar) -> Bool) -> Constant {
    let answers = zip(x.broadcast(to: shape).elements, y.broadcast(to: shape).elements).map { holds($0, $1) ? Int64(1) : 0 }
    return .int64(Tensor(answers, shape: shape))
  }
  return Fact(shape) {
    switch (a.value, b.value) {
    case (.float(let x), .float(let y)): all(x, y, floats)
    case (.int64(let x), .int64(let y)): all(x, y, integers)
    default: nil
    }
  }
}
