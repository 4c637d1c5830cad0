import Networks
import Tensors

extension Op.MaxPool: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    winners(inputs[0]!).values
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [scattered(gradients[0], to: winners(inputs[0]!).positions, shape: inputs[0]!.shape)]
  }

  private func winners(_ x: Tensor<Double>) -> (values: [Tensor<Double>], positions: [Int]) {
    let taps = WindowTaps(window, kernel: kernel, input: Array(x.shape.dimensions[2...]))
    let size = x.shape.dimensions[2...].reduce(1, *)
    let positions = (0..<x.shape[0] * x.shape[1]).flatMap { map in
      (0..<taps.outputCount).map { p in
        firstLargest(x, taps.inputPositions[taps.starts[p]..<taps.starts[p + 1]].map { map * size + $0 })
      }
    }
    let shape = Shape(x.shape.dimensions[..<2] + taps.output)
    return ([Tensor(positions.map { x.elements[$0] }, shape: shape)], positions)
  }
}

extension Op.GlobalMaxPool: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    return [Tensor(winners(x).map { x.elements[$0] }, shape: x.shape.withoutSpace)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [scattered(gradients[0], to: winners(inputs[0]!), shape: inputs[0]!.shape)]
  }

  private func winners(_ x: Tensor<Double>) -> [Int] {
    let size = x.shape.dimensions[2...].reduce(1, *)
    return (0..<x.shape[0] * x.shape[1]).map { map in firstLargest(x, Array(map * size..<(map + 1) * size)) }
  }
}

extension Op.AveragePool: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    let taps = WindowTaps(window, kernel: kernel, input: Array(x.shape.dimensions[2...]))
    var y = Tensor<Double>(repeating: 0, shape: Shape(x.shape.dimensions[..<2] + taps.output))
    forEachTap(taps, x.shape) { yPosition, xPosition, share in y.elements[yPosition] += share * x.elements[xPosition] }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let taps = WindowTaps(window, kernel: kernel, input: Array(inputs[0]!.shape.dimensions[2...]))
    var dx = Tensor<Double>(repeating: 0, shape: inputs[0]!.shape)
    forEachTap(taps, dx.shape) { yPosition, xPosition, share in dx.elements[xPosition] += share * gradients[0].elements[yPosition]
    }
    return [dx]
  }

  private func forEachTap(_ taps: WindowTaps, _ x: Shape, _ visit: (_ y: Int, _ x: Int, _ share: Double) -> Void) {
    let size = x.dimensions[2...].reduce(1, *)
    for map in 0..<x[0] * x[1] {
      for p in 0..<taps.outputCount {
        let range = taps.starts[p]..<taps.starts[p + 1]
        let divisor = Double(countsPadding ? taps.paddedCounts[p] : range.count)
        for tap in range { visit(map * taps.outputCount + p, map * size + taps.inputPositions[tap], 1 / divisor) }
      }
    }
  }
}

extension Op.GlobalAveragePool: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [mean(of: inputs[0]!, keeping: inputs[0]!.shape.withoutSpace)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [spread(gradients[0], over: inputs[0]!.shape)]
  }
}

extension Op.ReduceMean: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let kept = keptShape(inputs)
    let y = mean(of: inputs[0]!, keeping: kept)
    guard !keepsAxes else { return [y] }
    let axes = reducedAxes(inputs)
    return [y.reshaped(Shape(kept.dimensions.indices.filter { !axes.contains($0) }.map { kept[$0] }))]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [spread(gradients[0].reshaped(keptShape(inputs)), over: inputs[0]!.shape), nil].prefixed(inputs.count)
  }

  /// The axes that are averaged over.
  func reducedAxes(_ inputs: [Tensor<Double>?]) -> Set<Int> {
    let rank = inputs[0]!.shape.rank
    let axes = inputs[1, default: nil]?.integers ?? []
    if axes.isEmpty { return emptyMeansNone ? [] : Set(0..<rank) }
    return Set(axes.map { $0 < 0 ? $0 + rank : $0 })
  }

  private func keptShape(_ inputs: [Tensor<Double>?]) -> Shape {
    let axes = reducedAxes(inputs)
    return Shape(inputs[0]!.shape.dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
  }
}

private func mean(of x: Tensor<Double>, keeping shape: Shape) -> Tensor<Double> {
  (Double(shape.count) / Double(x.count)) * x.summed(to: shape)
}

private func spread(_ gradient: Tensor<Double>, over shape: Shape) -> Tensor<Double> {
  (Double(gradient.count) / Double(shape.count)) * gradient.broadcast(to: shape)
}

/// The first position that holds the largest element; NaN is larger than any.
private func firstLargest(_ x: Tensor<Double>, _ positions: [Int]) -> Int {
  positions.dropFirst().reduce(positions[0]) { best, position in
    x.elements[position] > x.elements[best] || (x.elements[position].isNaN && !x.elements[best].isNaN) ? position : best
  }
}

private func scattered(_ gradient: Tensor<Double>, to positions: [Int], shape: Shape) -> Tensor<Double> {
  var sums = Tensor<Double>(repeating: 0, shape: shape)
  for (position, value) in zip(positions, gradient.elements) { sums.elements[position] += value }
  return sums
}

extension Shape {
  /// `[N, C, 1, …]`.
  fileprivate var withoutSpace: Shape { Shape(dimensions[..<2] + dimensions[2...].map { _ in 1 }) }
}
