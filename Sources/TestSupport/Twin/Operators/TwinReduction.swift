import Networks
import Tensors

/// An operator that makes one number of all that lie along some axes.
protocol TwinReduction: TwinOperator, Reduction {
  /// The number and its derivatives with respect to the others.
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double])
}

extension TwinReduction {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let (x, groups, shape) = grouped(inputs)
    return [Tensor(groups.map { group in reduced(group.map { x.elements[$0] }).value }, shape: shape)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (x, groups, _) = grouped(inputs)
    var result = x.map { _ in 0.0 }
    for (group, gradient) in zip(groups, gradients[0].elements) {
      for (position, slope) in zip(group, reduced(group.map { x.elements[$0] }).slopes) {
        result.elements[position] = gradient * slope
      }
    }
    return [result, nil].prefixed(inputs.count)
  }

  /// The positions of the elements of every result, and the results' shape.
  private func grouped(_ inputs: [Tensor<Double>?]) -> (Tensor<Double>, [[Int]], Shape) {
    let x = inputs[0]!
    let rank = x.shape.rank
    let declared = inputs[1, default: nil]?.integers ?? []
    let axes = declared.isEmpty ? Set(emptyMeansNone ? 0..<0 : 0..<rank) : Set(declared.map { $0 < 0 ? $0 + rank : $0 })
    var groups: [[Int]: [Int]] = [:]
    var keys: [[Int]] = []
    for position in 0..<x.count {
      let key = (0..<rank).map { axes.contains($0) ? 0 : position / x.shape.strides[$0] % x.shape[$0] }
      if groups[key] == nil { keys.append(key) }
      groups[key, default: []].append(position)
    }
    let lengths = x.shape.dimensions.enumerated().compactMap { axes.contains($0) ? (keepsAxes ? 1 : nil) : $1 }
    return (x, keys.map { groups[$0]! }, Shape(lengths))
  }
}

extension Op.ReduceSum: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) { (values.reduce(0, +), values.map { _ in 1 }) }
}

extension Op.ReduceMax: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) {
    let first = values.firstIndex(of: values.max()!)!
    return (values[first], values.indices.map { $0 == first ? 1 : 0 })
  }
}

extension Op.ReduceMin: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) {
    let first = values.firstIndex(of: values.min()!)!
    return (values[first], values.indices.map { $0 == first ? 1 : 0 })
  }
}

extension Op.ReduceProd: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) {
    let others = values.indices.map { position in values.indices.reduce(1) { $1 == position ? $0 : $0 * values[$1] } }
    return (values.reduce(1, *), others)
  }
}

extension Op.ReduceL1: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) {
    (values.map { abs($0) }.reduce(0, +), values.map { $0 < 0 ? -1 : 1 })
  }
}

extension Op.ReduceL2: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) {
    let norm = values.map { $0 * $0 }.reduce(0, +).squareRoot()
    return (norm, values.map { $0 / norm })
  }
}

extension Op.ReduceSumSquare: TwinReduction {
  func reduced(_ values: [Double]) -> (value: Double, slopes: [Double]) {
    (values.map { $0 * $0 }.reduce(0, +), values.map { 2 * $0 })
  }
}
