import Foundation
import Networks
import Tensors

extension Op.Relu: TwinElementwise {
  func value(_ x: Double) -> Double { x > 0 ? x : 0 }
  func derivative(_ x: Double) -> Double { x > 0 ? 1 : 0 }
}

extension Op.LeakyRelu: TwinElementwise {
  func value(_ x: Double) -> Double { x > 0 ? x : Double(alpha) * x }
  func derivative(_ x: Double) -> Double { x > 0 ? 1 : Double(alpha) }
}

extension Op.Sigmoid: TwinElementwise {
  func value(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  func derivative(_ x: Double) -> Double { value(x) * value(-x) }
}

extension Op.HardSigmoid: TwinElementwise {
  func value(_ x: Double) -> Double { max(0, min(1, Double(alpha) * x + Double(beta))) }
  func derivative(_ x: Double) -> Double { value(x) > 0 && value(x) < 1 ? Double(alpha) : 0 }
}

extension Op.HardSwish: TwinElementwise {
  func value(_ x: Double) -> Double { x * max(0, min(1, x / 6 + 0.5)) }
  func derivative(_ x: Double) -> Double { x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5 }
}

extension Op.Tanh: TwinElementwise {
  func value(_ x: Double) -> Double { tanh(x) }
  func derivative(_ x: Double) -> Double { 1 - tanh(x) * tanh(x) }
}

extension Op.Elu: TwinElementwise {
  func value(_ x: Double) -> Double { x > 0 ? x : Double(alpha) * expm1(x) }
  func derivative(_ x: Double) -> Double { x > 0 ? 1 : Double(alpha) * exp(x) }
}

extension Op.Selu: TwinElementwise {
  func value(_ x: Double) -> Double { Double(gamma) * (x > 0 ? x : Double(alpha) * (exp(x) - 1)) }
  func derivative(_ x: Double) -> Double { Double(gamma) * (x > 0 ? 1 : Double(alpha) * exp(x)) }
}

extension Op.Celu: TwinElementwise {
  func value(_ x: Double) -> Double { max(0, x) + min(0, Double(alpha) * (exp(x / Double(alpha)) - 1)) }
  func derivative(_ x: Double) -> Double { x > 0 ? 1 : exp(x / Double(alpha)) }
}

extension Op.ThresholdedRelu: TwinElementwise {
  func value(_ x: Double) -> Double { x > Double(alpha) ? x : 0 }
  func derivative(_ x: Double) -> Double { x > Double(alpha) ? 1 : 0 }
}

extension Op.Softplus: TwinElementwise {
  func value(_ x: Double) -> Double { log(exp(x) + 1) }
  func derivative(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

extension Op.Softsign: TwinElementwise {
  func value(_ x: Double) -> Double { x / (1 + abs(x)) }
  func derivative(_ x: Double) -> Double { 1 / ((1 + abs(x)) * (1 + abs(x))) }
}

extension Op.Gelu: TwinElementwise {
  private var slope: Double { (2 / Double.pi).squareRoot() }

  func value(_ x: Double) -> Double {
    if approximatesByTanh { return 0.5 * x * (1 + tanh(slope * (x + 0.044715 * x * x * x))) }
    return 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
  }

  func derivative(_ x: Double) -> Double {
    if approximatesByTanh {
      let t = tanh(slope * (x + 0.044715 * x * x * x))
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope * (1 + 0.134145 * x * x)
    }
    return 0.5 * (1 + erf(x / 2.0.squareRoot())) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  }
}

extension Op.Mish: TwinElementwise {
  func value(_ x: Double) -> Double { x * tanh(log(1 + exp(x))) }
  func derivative(_ x: Double) -> Double {
    let t = tanh(log(1 + exp(x)))
    return t + x * (1 - t * t) / (1 + exp(-x))
  }
}

extension Op.Swish: TwinElementwise {
  func value(_ x: Double) -> Double { x / (1 + exp(-Double(alpha) * x)) }
  func derivative(_ x: Double) -> Double {
    let s = 1 / (1 + exp(-Double(alpha) * x))
    return s + Double(alpha) * x * s * (1 - s)
  }
}

extension Op.PRelu: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    return [x.combined(inputs[1]!.broadcast(to: x.shape)) { $0 > 0 ? $0 : $1 * $0 }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let x = inputs[0]!
    let slopes = x.combined(inputs[1]!.broadcast(to: x.shape)) { $0 > 0 ? 1 : $1 }
    return [slopes * gradients[0], (x.map { min($0, 0) } * gradients[0]).summed(to: inputs[1]!.shape)]
  }
}

extension Op.Clip: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let (low, high) = bounds(inputs)
    return [inputs[0]!.map { min(max($0, low), high) }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (low, high) = bounds(inputs)
    return [inputs[0]!.combined(gradients[0]) { $0 > low && $0 < high ? $1 : 0 }, nil, nil].prefixed(inputs.count)
  }

  private func bounds(_ inputs: [Tensor<Double>?]) -> (Double, Double) {
    (inputs[1, default: nil]?.elements[0] ?? -.infinity, inputs[2, default: nil]?.elements[0] ?? .infinity)
  }
}

extension Op.Softmax: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs[0]!.mapLanes(along: axis) { lane in logarithmsOfShares(lane).map { exp($0) } }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let weighted = outputs[0] * gradients[0]
    let sums = weighted.mapLanes(along: axis) { lane in lane.map { _ in lane.reduce(0, +) } }
    return [weighted - outputs[0] * sums]
  }
}

extension Op.LogSoftmax: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs[0]!.mapLanes(along: axis, logarithmsOfShares)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let sums = gradients[0].mapLanes(along: axis) { lane in lane.map { _ in lane.reduce(0, +) } }
    return [gradients[0] - outputs[0].map { exp($0) } * sums]
  }
}

/// `x − log Σ exp(x)`, without overflow.
func logarithmsOfShares(_ x: [Double]) -> [Double] {
  let largest = x.max() ?? 0
  let logarithm = largest + log(x.reduce(0) { $0 + exp($1 - largest) })
  return x.map { $0 - logarithm }
}

extension Tensor where Scalar == Double {
  /// Each run of elements along an axis transformed as a whole.
  func mapLanes(along axis: Int, _ transform: ([Double]) -> [Double]) -> Tensor {
    let (outer, length, inner) = split(at: axis)
    var result = self
    for o in 0..<outer {
      for i in 0..<inner {
        let positions = (0..<length).map { (o * length + $0) * inner + i }
        for (position, value) in zip(positions, transform(positions.map { elements[$0] })) { result.elements[position] = value }
      }
    }
    return result
  }
}
