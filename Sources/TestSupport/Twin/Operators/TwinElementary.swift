import Foundation
import Networks
import Tensors

extension Op.Erf: TwinElementwise {
  func value(_ x: Double) -> Double { erf(x) }
  func derivative(_ x: Double) -> Double { 2 / Double.pi.squareRoot() * exp(-x * x) }
}

extension Op.Exp: TwinElementwise {
  func value(_ x: Double) -> Double { exp(x) }
  func derivative(_ x: Double) -> Double { exp(x) }
}

extension Op.Log: TwinElementwise {
  func value(_ x: Double) -> Double { log(x) }
  func derivative(_ x: Double) -> Double { 1 / x }
}

extension Op.Sqrt: TwinElementwise {
  func value(_ x: Double) -> Double { x.squareRoot() }
  func derivative(_ x: Double) -> Double { 0.5 / x.squareRoot() }
}

extension Op.Abs: TwinElementwise {
  func value(_ x: Double) -> Double { abs(x) }
  func derivative(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : 0 }
}

extension Op.Neg: TwinElementwise {
  func value(_ x: Double) -> Double { -x }
  func derivative(_ x: Double) -> Double { -1 }
}

extension Op.Reciprocal: TwinElementwise {
  func value(_ x: Double) -> Double { 1 / x }
  func derivative(_ x: Double) -> Double { -1 / (x * x) }
}

extension Op.Pow: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { [elementwise(inputs, pow)] }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (a, b, g) = (inputs[0]!, inputs[1]!, gradients[0])
    let (x, exponent) = (a.broadcast(to: g.shape), b.broadcast(to: g.shape))
    let slopes = x.combined(exponent) { $1 * pow($0, $1 - 1) }
    let logarithms = outputs[0] * x.map { $0 > 0 ? log($0) : 0 }
    return [(g * slopes).summed(to: a.shape), (g * logarithms).summed(to: b.shape)]
  }
}

extension Op.Min: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { extreme(inputs, <) }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] { winners(inputs, outputs[0], gradients[0]) }
}

extension Op.Max: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { extreme(inputs, >) }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] { winners(inputs, outputs[0], gradients[0]) }
}

private func extreme(_ inputs: [Tensor<Double>?], _ precedes: (Double, Double) -> Bool) -> [Tensor<Double>] {
  [inputs.dropFirst().reduce(inputs[0]!) { elementwise([$0, $1]) { precedes($1, $0) ? $1 : $0 } }]
}

/// The gradient goes to the first input that has the extreme.
private func winners(_ inputs: [Tensor<Double>?], _ y: Tensor<Double>, _ gradient: Tensor<Double>) -> [Tensor<Double>?] {
  var left = gradient
  return inputs.map { input in
    let x = input!.broadcast(to: y.shape)
    var share = gradient.map { _ in 0.0 }
    for position in y.elements.indices where x.elements[position] == y.elements[position] {
      share.elements[position] = left.elements[position]
      left.elements[position] = 0
    }
    return share.summed(to: input!.shape)
  }
}

extension Op.Ceil: TwinElementwise {
  func value(_ x: Double) -> Double { x.rounded(.up) }
  func derivative(_ x: Double) -> Double { 0 }
}

extension Op.Floor: TwinElementwise {
  func value(_ x: Double) -> Double { x.rounded(.down) }
  func derivative(_ x: Double) -> Double { 0 }
}

extension Op.Round: TwinElementwise {
  func value(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
  func derivative(_ x: Double) -> Double { 0 }
}

extension Op.Sign: TwinElementwise {
  func value(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : 0 }
  func derivative(_ x: Double) -> Double { 0 }
}

extension Op.Sin: TwinElementwise {
  func value(_ x: Double) -> Double { sin(x) }
  func derivative(_ x: Double) -> Double { cos(x) }
}

extension Op.Cos: TwinElementwise {
  func value(_ x: Double) -> Double { cos(x) }
  func derivative(_ x: Double) -> Double { -sin(x) }
}
