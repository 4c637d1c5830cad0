import Networks
import Tensors

extension Op.Concat: TwinRearrangement {
  func dataInputs(_ inputs: [Tensor<Double>?]) -> Int { inputs.count }

  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let tensors = inputs.map { $0! }
    let axis = axis < 0 ? axis + tensors[0].shape.rank : axis
    let starts = tensors.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    let outer = tensors[0].split(at: axis).outer
    let sources = (0..<outer).flatMap { row in
      zip(tensors, starts).flatMap { tensor, start in
        let run = tensor.count / outer
        return start + row * run..<start + (row + 1) * run
      }
    }
    let length = tensors.reduce(0) { $0 + $1.shape[axis] }
    return [IndexMap(dimensions: tensors[0].shape.replacing(axis: axis, with: length).dimensions, sources: sources)]
  }
}

extension Op.Split: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let axis = axis < 0 ? axis + shape.rank : axis
    // Equal parts are rounded up; the last is what remains.
    let part = (shape[axis] + setting.outputs - 1) / setting.outputs
    let lengths =
      inputs[1, default: nil]?.integers ?? (0..<setting.outputs).map { max(0, min(part, shape[axis] - $0 * part)) }
    var start = 0
    return lengths.map { length in
      defer { start += length }
      var coordinates = shape.dimensions.map { Array(0..<$0) }
      coordinates[axis] = Array(start..<start + length)
      return IndexMap(input: shape, coordinates: coordinates)
    }
  }
}

extension Op.Slice: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let starts = inputs[1]!.integers
    let ends = inputs[2]!.integers
    let axes = inputs[3, default: nil]?.integers ?? Array(starts.indices)
    let steps = inputs[4, default: nil]?.integers ?? starts.map { _ in 1 }
    var coordinates = shape.dimensions.map { Array(0..<$0) }
    for (position, declared) in axes.enumerated() {
      let axis = declared < 0 ? declared + shape.rank : declared
      let length = shape[axis]
      let step = steps[position]
      let limits = step > 0 ? (low: 0, high: length) : (low: -1, high: length - 1)
      let start = min(max(starts[position] < 0 ? starts[position] + length : starts[position], 0), limits.high)
      let end = min(max(ends[position] < 0 ? ends[position] + length : ends[position], limits.low), limits.high)
      coordinates[axis] = Array(stride(from: start, to: end, by: step))
    }
    return [IndexMap(input: shape, coordinates: coordinates)]
  }
}

extension Op.Pad: TwinRearrangement {
  func fill(_ inputs: [Tensor<Double>?]) -> Double { inputs[2, default: nil]?.elements[0] ?? 0 }

  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let pads = inputs[1]!.integers
    let axes = inputs[3, default: nil]?.integers ?? Array(0..<shape.rank)
    var coordinates = shape.dimensions.map { Array(0..<$0) }
    for (position, declared) in axes.enumerated() {
      let axis = declared < 0 ? declared + shape.rank : declared
      let length = shape[axis]
      coordinates[axis] = (-pads[position]..<length + pads[axes.count + position]).map { source($0, length: length) }
    }
    return [IndexMap(input: shape, coordinates: coordinates)]
  }

  /// The coordinate that stands at a position which may lie outside; −1 for the constant.
  private func source(_ position: Int, length: Int) -> Int {
    switch mode {
    case .constant: return (0..<length).contains(position) ? position : -1
    case .edge: return min(max(position, 0), length - 1)
    case .wrap: return (position % length + length) % length
    case .reflect:
      var position = position
      while !(0..<length).contains(position) { position = position < 0 ? -position : 2 * (length - 1) - position }
      return position
    }
  }
}

extension Op.Flatten: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let axis = axis < 0 ? axis + shape.rank : axis
    return [IndexMap(reshaping: [shape.dimensions[..<axis].reduce(1, *), shape.dimensions[axis...].reduce(1, *)])]
  }
}

extension Op.Reshape: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    var target = inputs[1]!.integers
    if !allowsZero {
      for axis in target.indices where target[axis] == 0 { target[axis] = shape[axis] }
    }
    if let open = target.firstIndex(of: -1) { target[open] = shape.count / target.filter { $0 != -1 }.reduce(1, *) }
    return [IndexMap(reshaping: target)]
  }
}

extension Op.Squeeze: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let removed =
      inputs[1, default: nil]?.integers.map { $0 < 0 ? $0 + shape.rank : $0 } ?? (0..<shape.rank).filter { shape[$0] == 1 }
    return [IndexMap(reshaping: (0..<shape.rank).filter { !removed.contains($0) }.map { shape[$0] })]
  }
}

extension Op.Unsqueeze: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let rank = inputs[0]!.shape.rank + inputs[1]!.count
    var dimensions = inputs[0]!.shape.dimensions
    for axis in inputs[1]!.integers.map({ $0 < 0 ? $0 + rank : $0 }).sorted() { dimensions.insert(1, at: axis) }
    return [IndexMap(reshaping: dimensions)]
  }
}

extension Op.Transpose: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let order = permutation.isEmpty ? (0..<shape.rank).reversed() : permutation
    return [IndexMap(dimensions: order.map { shape[$0] }, strides: order.map { shape.strides[$0] })]
  }
}

extension Op.Expand: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    return [IndexMap(broadcasting: shape, to: Shape.broadcast(shape, Shape(inputs[1]!.integers))!)]
  }
}

extension Op.Gather: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    let shape = inputs[0]!.shape
    let axis = axis < 0 ? axis + shape.rank : axis
    var coordinates = shape.dimensions.map { Array(0..<$0) }
    coordinates[axis] = inputs[1]!.integers.map { $0 < 0 ? $0 + shape[axis] : $0 }
    var map = IndexMap(input: shape, coordinates: coordinates)
    map.dimensions.replaceSubrange(axis...axis, with: inputs[1]!.shape.dimensions)
    return [map]
  }
}

extension Op.Identity: TwinRearrangement {
  func maps(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [IndexMap] {
    [IndexMap(reshaping: inputs[0]!.shape.dimensions)]
  }
}

extension Op.Dropout: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs[0]!, Tensor(repeating: 1, shape: inputs[0]!.shape)].prefixed(setting.outputs)
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [gradients[0], nil, nil].prefixed(inputs.count)
  }
}
