import Foundation
import Networks
import Tensors

extension Op.BatchNormalization: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let normalised = normalised(inputs, setting).x
    var y = normalised * inputs[1]!.along(axis: 1, of: normalised.shape)
    y.add(inputs[2]!, alongAxis: 1)
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let gradient = gradients[0]
    let (normalised, variance) = normalised(inputs, setting)
    let shape = normalised.shape
    let scale = inputs[1]!
    let factor = scale.combined(variance) { $0 / ($1 + Double(epsilon)).squareRoot() }
    let scaleGradient = (gradient * normalised).summed(alongAxis: 1)
    let biasGradient = gradient.summed(alongAxis: 1)
    guard setting.training else {
      let meanGradient = factor.combined(biasGradient) { -$0 * $1 }
      // ∂x̂/∂σ² = −x̂ / (2 (σ² + ε))
      let varianceGradient = (scale * scaleGradient).combined(variance) { -$0 / (2 * ($1 + Double(epsilon))) }
      return [gradient * factor.along(axis: 1, of: shape), scaleGradient, biasGradient, meanGradient, varianceGradient]
    }
    let share = Double(scale.count) / Double(shape.count)
    let centred =
      gradient - (share * biasGradient).along(axis: 1, of: shape)
      - normalised * (share * scaleGradient).along(axis: 1, of: shape)
    return [centred * factor.along(axis: 1, of: shape), scaleGradient, biasGradient, nil, nil]
  }

  private func normalised(
    _ inputs: [Tensor<Double>?], _ setting: TwinSetting
  ) -> (x: Tensor<Double>, variance: Tensor<Double>) {
    let x = inputs[0]!
    let (mean, variance) = setting.training ? batchStatistics(of: x) : (inputs[3]!, inputs[4]!)
    let centred = x - mean.along(axis: 1, of: x.shape)
    let inverse = variance.map { 1 / ($0 + Double(epsilon)).squareRoot() }
    return (centred * inverse.along(axis: 1, of: x.shape), variance)
  }
}

extension Op.InstanceNormalization: TwinWithoutGradient {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    let area = x.count / (x.shape[0] * x.shape[1])
    var y = x
    for map in 0..<x.shape[0] * x.shape[1] {
      let values = x.elements[map * area..<(map + 1) * area]
      let mean = values.reduce(0, +) / Double(area)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(area)
      let (scale, bias) = (inputs[1]!.elements[map % x.shape[1]], inputs[2]!.elements[map % x.shape[1]])
      for i in values.indices { y.elements[i] = (values[i] - mean) / (variance + Double(epsilon)).squareRoot() * scale + bias }
    }
    return [y]
  }
}

extension Op.LayerNormalization: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let x = inputs[0]!
    let length = inputs[1]!.count
    let bias = inputs.count > 2 ? inputs[2] : nil
    let y = normalised(x, length).values.enumerated().map { position, value in
      value * inputs[1]!.elements[position % length] + (bias?.elements[position % length] ?? 0)
    }
    return [Tensor(y, shape: x.shape)]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (x, scale, g) = (inputs[0]!, inputs[1]!, gradients[0])
    let length = scale.count
    let (values, deviations) = normalised(x, length)
    var (dx, dScale, dBias) = (
      x, Tensor<Double>(repeating: 0, shape: scale.shape), Tensor<Double>(repeating: 0, shape: scale.shape)
    )
    for (position, gradient) in g.elements.enumerated() {
      dScale.elements[position % length] += gradient * values[position]
      dBias.elements[position % length] += gradient
      // ∂y_j / ∂x_i = γ_j / σ · (δ_ij − 1 / n − x̂_i x̂_j / n)
      let row = position / length * length
      dx.elements[position] = (row..<row + length).reduce(0) { sum, other in
        let slope = (other == position ? 1 : 0) - (1 + values[position] * values[other]) / Double(length)
        return sum + g.elements[other] * scale.elements[other - row] * slope / deviations[position / length]
      }
    }
    return Array([dx, dScale, dBias].prefix(inputs.count))
  }

  private func normalised(_ x: Tensor<Double>, _ length: Int) -> (values: [Double], deviations: [Double]) {
    var (values, deviations) = (x.elements, [Double]())
    for start in stride(from: 0, to: x.count, by: length) {
      let row = x.elements[start..<start + length]
      let mean = row.reduce(0, +) / Double(length)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      deviations.append((variance + Double(epsilon)).squareRoot())
      for position in row.indices { values[position] = (x.elements[position] - mean) / deviations[deviations.count - 1] }
    }
    return (values, deviations)
  }
}

/// The mean and the (biased) variance of each channel of `[N, C, …]` over the batch and space.
public func batchStatistics(of x: Tensor<Double>) -> (mean: Tensor<Double>, variance: Tensor<Double>) {
  let share = Double(x.shape[1]) / Double(x.count)
  let mean = share * x.summed(alongAxis: 1)
  let centred = x - mean.along(axis: 1, of: x.shape)
  return (mean, share * (centred * centred).summed(alongAxis: 1))
}

extension Op.LRN: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    [inputs[0]!.combined(denominators(inputs[0]!)) { $0 * pow($1, -Double(beta)) }]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let x = inputs[0]!
    let denominators = denominators(x)
    let direct = gradients[0].combined(denominators) { $0 * pow($1, -Double(beta)) }
    // Through the denominator: −2 α β / size · x_j · Σ over all i whose window holds j of g_i x_i d_i^(−β − 1).
    let carried = (direct * x).combined(denominators, /).mapLanes(along: 1) { lane in
      lane.indices.map { j in lane.indices.reduce(0) { $0 + (channels($1, of: lane.count).contains(j) ? lane[$1] : 0) } }
    }
    return [direct - (2 * Double(alpha) * Double(beta) / Double(size)) * (x * carried)]
  }

  private func denominators(_ x: Tensor<Double>) -> Tensor<Double> {
    x.mapLanes(along: 1) { lane in
      lane.indices.map { channel in
        let squares = channels(channel, of: lane.count).reduce(0) { $0 + lane[$1] * lane[$1] }
        return Double(bias) + Double(alpha) / Double(size) * squares
      }
    }
  }

  /// The channels that are summed over for one of them.
  private func channels(_ channel: Int, of count: Int) -> ClosedRange<Int> {
    max(0, channel - (size - 1) / 2)...min(count - 1, channel + size / 2)
  }
}
