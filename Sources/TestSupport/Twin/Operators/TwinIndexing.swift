import Networks
import Tensors

extension Op.GatherND: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let (data, indices) = (inputs[0]!.shape, inputs[1]!)
    let depth = indices.shape.dimensions.last!
    let tuples = indices.count / depth
    let batches = data.dimensions[..<batchAxes].reduce(1, *)
    let part = data.dimensions[(batchAxes + depth)...].reduce(1, *)
    let sources = (0..<tuples).flatMap { tuple -> [Int] in
      var block = tuple / (tuples / batches)
      for axis in 0..<depth {
        let index = indices.integers[tuple * depth + axis]
        block = block * data[batchAxes + axis] + (index < 0 ? index + data[batchAxes + axis] : index)
      }
      return (0..<part).map { block * part + $0 }
    }
    let dimensions = indices.shape.dimensions.dropLast() + data.dimensions[(batchAxes + depth)...]
    return [IndexMap(dimensions: Array(dimensions), sources: sources)]
  }
}

extension Op.OneHot: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let (indices, depth, values) = (inputs[0]!, Int(inputs[1]!.elements[0]), inputs[2]!.elements)
    let position = axis < 0 ? axis + indices.shape.rank + 1 : axis
    var shape = indices.shape.dimensions
    shape.insert(depth, at: position)
    let inner = shape[(position + 1)...].reduce(1, *)
    var result = Tensor(repeating: values[0], shape: Shape(shape))
    for (place, number) in indices.elements.enumerated() {
      let index = number < 0 ? Int(number) + depth : Int(number)
      if (0..<depth).contains(index) { result.elements[(place / inner * depth + index) * inner + place % inner] = values[1] }
    }
    return [result]
  }
}

extension Op.EyeLike: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    var result = Tensor<Double>(repeating: 0, shape: inputs[0]!.shape)
    for row in 0..<result.shape[0] where (0..<result.shape[1]).contains(row + offset) {
      result.elements[row * result.shape[1] + row + offset] = 1
    }
    return [result]
  }
}

extension Op.NonZero: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    let found = x.elements.indices.filter { x.elements[$0] != 0 }
    let rows = (0..<x.shape.rank).flatMap { axis in found.map { Double($0 / x.shape.strides[axis] % x.shape[axis]) } }
    return [Tensor(rows, shape: [x.shape.rank, found.count])]
  }
}

extension Op.CumSum: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs[0]!.mapLanes(along: axis(of: inputs)) { lane in lane.indices.map { j in sum(lane) { i in holds(i, j) } } }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [gradients[0].mapLanes(along: axis(of: inputs)) { lane in lane.indices.map { i in sum(lane) { j in holds(i, j) } } }, nil]
  }

  private func axis(of inputs: [Tensor<Double>?]) -> Int {
    let axis = Int(inputs[1]!.elements[0])
    return axis < 0 ? axis + inputs[0]!.shape.rank : axis
  }

  /// Whether element i is in sum j.
  private func holds(_ i: Int, _ j: Int) -> Bool { i == j ? !isExclusive : (i < j) != isReversed }

  private func sum(_ lane: [Double], _ isTerm: (Int) -> Bool) -> Double {
    lane.indices.reduce(0) { isTerm($1) ? $0 + lane[$1] : $0 }
  }
}
