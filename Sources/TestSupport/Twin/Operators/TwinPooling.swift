import Networks
import Tensors

extension Op.MaxPool: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    winners(inputs[0]!).values
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    [scattered(gradients[0], to: winners(inputs[0]!).places, shape: inputs[0]!.shape)]
  }

  private func winners(_ x: Tensor<Double>) -> (values: [Tensor<Double>], places: [Int]) {
    let taps = WindowTaps(window, kernel: kernel, input: Array(x.shape.dimensions[2...]))
    let size = x.shape.dimensions[2...].reduce(1, *)
    let places = (0..<x.shape[0] * x.shape[1]).flatMap { map in
      (0..<taps.outputCount).map { p in
        firstLargest(x, taps.inputPlaces[taps.starts[p]..<taps.starts[p + 1]].map { map * size + $0 })
      }
    }
    let shape = Shape(x.shape.dimensions[..<2] + taps.output)
    return ([Tensor(places.map { x.elements[$0] }, shape: shape)], places)
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
    forEachTap(taps, x.shape) { yPlace, xPlace, share in y.elements[yPlace] += share * x.elements[xPlace] }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let taps = WindowTaps(window, kernel: kernel, input: Array(inputs[0]!.shape.dimensions[2...]))
    var dx = Tensor<Double>(repeating: 0, shape: inputs[0]!.shape)
    forEachTap(taps, dx.shape) { yPlace, xPlace, share in dx.elements[xPlace] += share * gradients[0].elements[yPlace] }
    return [dx]
  }

  private func forEachTap(_ taps: WindowTaps, _ x: Shape, _ visit: (_ y: Int, _ x: Int, _ share: Double) -> Void) {
    let size = x.dimensions[2...].reduce(1, *)
    for map in 0..<x[0] * x[1] {
      for p in 0..<taps.outputCount {
        let range = taps.starts[p]..<taps.starts[p + 1]
        let divisor = Double(countsPadding ? taps.paddedCounts[p] : range.count)
        for tap in range { visit(map * taps.outputCount + p, map * size + taps.inputPlaces[tap], 1 / divisor) }
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

/// The first place that holds the largest element; NaN is larger than any.
private func firstLargest(_ x: Tensor<Double>, _ places: [Int]) -> Int {
  places.dropFirst().reduce(places[0]) { best, place in
    x.elements[place] > x.elements[best] || (x.elements[place].isNaN && !x.elements[best].isNaN) ? place : best
  }
}

private func scattered(_ gradient: Tensor<Double>, to places: [Int], shape: Shape) -> Tensor<Double> {
  var sums = Tensor<Double>(repeating: 0, shape: shape)
  for (place, value) in zip(places, gradient.elements) { sums.elements[place] += value }
  return sums
}

extension Shape {
  /// `[N, C, 1, …]`.
  fileprivate var withoutSpace: Shape { Shape(dimensions[..<2] + dimensions[2...].map { _ in 1 }) }
}
