import Networks
import Tensors

/// An operator without a gradient.
protocol TwinStep: TwinOperator {}

extension TwinStep {
  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] { inputs.map { _ in nil } }
}

extension Op.Equal: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 == $1 ? 1 : 0 }]
  }
}

extension Op.Greater: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 > $1 ? 1 : 0 }]
  }
}

extension Op.GreaterOrEqual: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 >= $1 ? 1 : 0 }]
  }
}

extension Op.Less: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 < $1 ? 1 : 0 }]
  }
}

extension Op.LessOrEqual: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 <= $1 ? 1 : 0 }]
  }
}

extension Op.And: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 != 0 && $1 != 0 ? 1 : 0 }]
  }
}

extension Op.Or: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { $0 != 0 || $1 != 0 ? 1 : 0 }]
  }
}

extension Op.Not: TwinStep {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs[0]!.map { $0 == 0 ? 1 : 0 }]
  }
}

extension Op.Where: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let filled = elementwise([inputs[0], inputs[1]]) { $0 != 0 ? $1 : 0 }
    let rest = elementwise([inputs[0], inputs[2]]) { $0 != 0 ? 0 : $1 }
    return [elementwise([filled, rest], +)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let g = gradients[0]
    let taken = inputs[0]!.broadcast(to: g.shape).map { $0 != 0 ? 1.0 : 0 }
    return [nil, (g * taken).summed(to: inputs[1]!.shape), (g * taken.map { 1 - $0 }).summed(to: inputs[2]!.shape)]
  }
}
