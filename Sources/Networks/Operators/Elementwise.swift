import Foundation
import Tensors

/// An operator that maps every element of its only input by one function of a number.
public protocol ElementwiseOperator: PositionwiseOperator {
  /// The function.
  func value(_ x: Double) -> Double
}

extension ElementwiseOperator {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    return [
      try Fact(x.shape) {
        switch x.value {
        case .float(let tensor): .float(tensor.map { Float(value(Double($0))) })
        case .int64(let tensor): try wholeValues(tensor).map(Constant.int64)
        case nil: nil
        }
      }
    ]
  }

  /// The function of integers, for the operators that ONNX defines on them.
  private func wholeValues(_ x: Tensor<Int64>) throws -> Tensor<Int64>? {
    switch self {
    case is Op.Neg: x.map { 0 &- $0 }
    case is Op.Abs: x.map { $0 < 0 ? 0 &- $0 : $0 }
    case is Op.Relu: x.map { max($0, 0) }
    default: throw EspalierError("it is given integers", accepted: "floating-point numbers")
    }
  }
}

extension Op.Relu: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x < 0 ? 0 : x }
}

extension Op.LeakyRelu: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x > 0 ? x : Double(alpha) * x }
}

extension Op.Sigmoid: ElementwiseOperator {
  public func value(_ x: Double) -> Double { logistic(x) }
}

extension Op.HardSigmoid: ElementwiseOperator {
  public func value(_ x: Double) -> Double { bounded(Double(alpha) * x + Double(beta)) }
}

extension Op.HardSwish: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x * bounded(x / 6 + 0.5) }
}

extension Op.Tanh: ElementwiseOperator {
  public func value(_ x: Double) -> Double { tanh(x) }
}

extension Op.Elu: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x > 0 ? x : Double(alpha) * expm1(x) }
}

extension Op.Selu: ElementwiseOperator {
  public func value(_ x: Double) -> Double { Double(gamma) * (x > 0 ? x : Double(alpha) * expm1(x)) }
}

extension Op.Celu: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x > 0 ? x : Double(alpha) * expm1(x / Double(alpha)) }
}

extension Op.ThresholdedRelu: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x <= Double(alpha) ? 0 : x }
}

extension Op.Softplus: ElementwiseOperator {
  public func value(_ x: Double) -> Double { softplus(x) }
}

extension Op.Softsign: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x / (1 + abs(x)) }
}

extension Op.Gelu: ElementwiseOperator {
  public func value(_ x: Double) -> Double {
    approximatesByTanh
      ? 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
      : 0.5 * x * erfc(-x * 0.5.squareRoot())
  }
}

extension Op.Mish: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x * tanh(softplus(x)) }
}

extension Op.Swish: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x * logistic(Double(alpha) * x) }
}

extension Op.Erf: ElementwiseOperator {
  public func value(_ x: Double) -> Double { erf(x) }
}

extension Op.Exp: ElementwiseOperator {
  public func value(_ x: Double) -> Double { exp(x) }
}

extension Op.Log: ElementwiseOperator {
  public func value(_ x: Double) -> Double { log(x) }
}

extension Op.Sqrt: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x.squareRoot() }
}

extension Op.Abs: ElementwiseOperator {
  public func value(_ x: Double) -> Double { abs(x) }
}

extension Op.Neg: ElementwiseOperator {
  public func value(_ x: Double) -> Double { -x }
}

extension Op.Reciprocal: ElementwiseOperator {
  public func value(_ x: Double) -> Double { 1 / x }
}

extension Op.Ceil: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x.rounded(.up) }
}

extension Op.Floor: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x.rounded(.down) }
}

extension Op.Round: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
}

extension Op.Sign: ElementwiseOperator {
  public func value(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : x }
}

extension Op.Sin: ElementwiseOperator {
  public func value(_ x: Double) -> Double { sin(x) }
}

extension Op.Cos: ElementwiseOperator {
  public func value(_ x: Double) -> Double { cos(x) }
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// The number between 0 and 1 that is nearest.
private func bounded(_ x: Double) -> Double { x < 0 ? 0 : x > 1 ? 1 : x }
