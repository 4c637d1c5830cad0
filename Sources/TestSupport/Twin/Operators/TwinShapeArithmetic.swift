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
    func position(_ axis: Int) -> Int { min(max(axis < 0 ? axis + dimensions.count : axis, 0), dimensions.count) }
    let first = position(start)
    let part = dimensions[first..<max(first, end.map(position) ?? dimensions.count)].map(Double.init)
    return [Tensor(part, shape: [part.count])]
  }
}

extension Op.Cast: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    switch target {
    case .float: [inputs[0]!]
    case .integer: [inputs[0]!.map { $0.rounded(.towardZero) }]
    case .bool: [inputs[0]!.map { $0 != 0 ? 1 : 0 }]
    }
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [gradients[0]]
  }
}

extension Op.Mod: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [elementwise(inputs) { a, b in a - b * (hasSignOfDividend ? (a / b).rounded(.towardZero) : (a / b).rounded(.down)) }]
  }
}

extension Op.RangeOf: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let numbers = Array(stride(from: inputs[0]!.elements[0], to: inputs[1]!.elements[0], by: inputs[2]!.elements[0]))
    return [Tensor(numbers, shape: [numbers.count])]
  }
}

extension Op.ScatterND: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    var result = inputs[0]!
    let (indices, updates, strides) = (inputs[1]!, inputs[2]!, inputs[0]!.shape.strides)
    let depth = indices.shape.dimensions.last!
    let size = result.shape.dimensions[depth...].reduce(1, *)
    for (position, value) in updates.elements.enumerated() {
      let start = (0..<depth).reduce(0) { sum, axis in
        let index = Int(indices.elements[position / size * depth + axis])
        return sum + (index < 0 ? index + result.shape[axis] : index) * strides[axis]
      }
      result.elements[start + position % size] = value
    }
    return [result]
  }
}
