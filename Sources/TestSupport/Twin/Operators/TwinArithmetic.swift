import Networks
import Tensors

extension Op.Add: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { [elementwise(inputs, +)] }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    inputs.map { gradients[0].summed(to: $0!.shape) }
  }
}

extension Op.Sub: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { [elementwise(inputs, -)] }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [gradients[0].summed(to: inputs[0]!.shape), gradients[0].map { -$0 }.summed(to: inputs[1]!.shape)]
  }
}

extension Op.Mul: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { [elementwise(inputs, *)] }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (a, b, g) = (inputs[0]!, inputs[1]!, gradients[0])
    return [(g * b.broadcast(to: g.shape)).summed(to: a.shape), (g * a.broadcast(to: g.shape)).summed(to: b.shape)]
  }
}

extension Op.Div: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { setting.onIntegers ? ($0 / $1).rounded(.towardZero) : $0 / $1 }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let quotient = gradients[0].combined(inputs[1]!.broadcast(to: gradients[0].shape), /)
    return [quotient.summed(to: inputs[0]!.shape), (quotient * outputs[0]).map { -$0 }.summed(to: inputs[1]!.shape)]
  }
}

extension Op.Sum: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs.dropFirst().reduce(inputs[0]!) { elementwise([$0, $1], +) }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    inputs.map { gradients[0].summed(to: $0!.shape) }
  }
}

func elementwise(_ inputs: [Tensor<Double>?], _ combine: (Double, Double) -> Double) -> Tensor<Double> {
  guard let shape = Shape.broadcast(inputs[0]!.shape, inputs[1]!.shape) else {
    preconditionFailure("cannot broadcast \(inputs[0]!.shape) and \(inputs[1]!.shape)")
  }
  return inputs[0]!.broadcast(to: shape).combined(inputs[1]!.broadcast(to: shape), combine)
}
