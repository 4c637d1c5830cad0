import Networks
import Tensors

/// An operator through which no gradient passes.
protocol TwinWithoutGradient: TwinOperator {}

extension TwinWithoutGradient {
  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    inputs.map { _ in nil }
  }
}

extension Op.ConstantValue: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { [Tensor(value)] }
}

extension Op.ConstantOfShape: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [Tensor(repeating: Tensor<Double>(value).elements[0], shape: Shape(inputs[0]!.integers))]
  }
}

extension Op.ShapeOf: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let dimensions = inputs[0]!.shape.dimensions
    func place(_ axis: Int) -> Int { min(max(axis < 0 ? axis + dimensions.count : axis, 0), dimensions.count) }
    let first = place(start)
    let part = dimensions[first..<max(first, end.map(place) ?? dimensions.count)].map(Double.init)
    return [Tensor(part, shape: [part.count])]
  }
}

extension Op.Cast: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [toFloat ? inputs[0]! : inputs[0]!.map { $0.rounded(.towardZero) }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [gradients[0]]
  }
}
