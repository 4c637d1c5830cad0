import Networks
import Tensors

/// What an operator must know beside its inputs.
struct TwinSetting {
  var training: Bool
  /// Whether the result is integer data, on which division truncates.
  var onIntegers: Bool
  /// The number of outputs that the node names.
  var outputs: Int
}

/// An operator that the twin can interpret.
protocol TwinOperator: Operator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>]

  /// From the gradients of the outputs to those of the inputs; nil for an input without one, such as a list of axes.
  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?]
}

/// An operator that maps each element of its first input by one function.
protocol TwinElementwise: TwinOperator {
  func value(_ x: Double) -> Double
  func derivative(_ x: Double) -> Double
}

extension TwinElementwise {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] { [inputs[0]!.map(value)] }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [inputs[0]!.combined(gradients[0]) { derivative($0) * $1 }]
  }
}

/// An operator whose outputs hold elements of its inputs in other positions.
protocol TwinRearrangement: TwinOperator {
  /// One map an output, over the elements of the inputs laid end to end.
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap]
  /// The number of inputs, from the first, that hold data.
  func dataInputs(_ inputs: [Tensor<Double>?]) -> Int
  /// What stands where the map names no element.
  func fill(_ inputs: [Tensor<Double>?]) -> Double
}

extension TwinRearrangement {
  func dataInputs(_ inputs: [Tensor<Double>?]) -> Int { 1 }

  func fill(_ inputs: [Tensor<Double>?]) -> Double { 0 }

  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let data = inputs.prefix(dataInputs(inputs)).flatMap { $0!.elements }
    let fill = fill(inputs)
    return maps(inputs, setting).map { map in
      Tensor(map.sources.map { $0 < 0 ? fill : data[$0] }, shape: Shape(map.dimensions))
    }
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let data = inputs.prefix(dataInputs(inputs)).map { $0! }
    var sums = [Double](repeating: 0, count: data.reduce(0) { $0 + $1.count })
    for (map, gradient) in zip(maps(inputs, setting), gradients) {
      for (source, value) in zip(map.sources, gradient.elements) where source >= 0 { sums[source] += value }
    }
    var start = 0
    let parts = data.map { tensor in
      defer { start += tensor.count }
      return Tensor(Array(sums[start..<start + tensor.count]), shape: tensor.shape)
    }
    return inputs.indices.map { $0 < parts.count ? parts[$0] : nil }
  }
}
