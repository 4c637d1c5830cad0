import Foundation
import Tensors

extension Op.Add {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [try combined(inputs.required(0), inputs.required(1), floats: +, integers: &+)]
  }
}

extension Op.Sub {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [try combined(inputs.required(0), inputs.required(1), floats: -, integers: &-)]
  }
}

extension Op.Mul {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [try combined(inputs.required(0), inputs.required(1), floats: *, integers: &*)]
  }
}

extension Op.Div {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [
      try combined(inputs.required(0), inputs.required(1), floats: /) { a, b in
        guard b != 0 else { throw EspalierError("an integer is divided by zero") }
        return a.dividedReportingOverflow(by: b).partialValue
      }
    ]
  }
}

extension Op.Mod {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    [
      try combined(
        inputs.required(0), inputs.required(1),
        floats: { a, b in
          let rest = fmod(a, b)
          return hasSignOfDividend || rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b
        }
      ) { a, b in
        guard b != 0 else { throw EspalierError("an integer is divided by zero") }
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        return hasSignOfDividend || rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b
      }
    ]
  }
}

extension Op.Sum {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    var sum = try inputs.required(0)
    for position in inputs.indices.dropFirst() { sum = try combined(sum, inputs.required(position), floats: +, integers: &+) }
    return [sum]
  }
}

extension Op.Min {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    var least = try inputs.required(0)
    for position in inputs.indices.dropFirst() {
      least = try combined(
        least, inputs.required(position), floats: { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }, integers: { min($0, $1) })
    }
    return [least]
  }
}

extension Op.Max {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    var greatest = try inputs.required(0)
    for position in inputs.indices.dropFirst() {
      greatest = try combined(
        greatest, inputs.required(position), floats: { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }, integers: { max($0, $1) })
    }
    return [greatest]
  }
}

extension Op.Pow {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let base = try inputs.required(0)
    var exponent = try inputs.required(1)
    // The exponent may be of another type than the base, whose type the result has.
    switch (base.value, exponent.value) {
    case (.float, .int64(let integers)): exponent.value = .float(integers.map(Float.init))
    case (.int64, .float): return [Fact(try base.shape.broadcast(with: exponent.shape))]
    default: break
    }
    return [
      try combined(base, exponent, floats: { Float(pow(Double($0), Double($1))) }) { a, b in
        guard b >= 0 else { throw EspalierError("an integer is raised to the power of \(b)", accepted: "0 or more") }
        var (result, factor, left) = (Int64(1), a, b)
        while left > 0 {
          if left & 1 == 1 { result &*= factor }
          factor &*= factor
          left >>= 1
        }
        return result
      }
    ]
  }
}

/// The result of a broadcast elementwise operator, with its elements if both operands' are known.
private func combined(
  _ a: Fact, _ b: Fact, floats: (Float, Float) -> Float, integers: (Int64, Int64) throws -> Int64
) throws -> Fact {
  let shape = try a.shape.broadcast(with: b.shape)
  return try Fact(shape) {
    switch (a.value, b.value) {
    case (.float(let x), .float(let y)): .float(Tensor(elementwise(x, y, shape, floats), shape: shape))
    case (.int64(let x), .int64(let y)): .int64(Tensor(try elementwise(x, y, shape, integers), shape: shape))
    case (.float, .int64), (.int64, .float): throw EspalierError("it mixes floating-point and integer operands")
    default: nil
    }
  }
}

private func elementwise<Scalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ shape: Shape, _ operation: (Scalar, Scalar) throws -> Scalar
) rethrows -> [Scalar] {
  try zip(a.broadcast(to: shape).elements, b.broadcast(to: shape).elements).map(operation)
}
