import Networks
import Tensors

extension Op.Conv: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let correlation = Correlation(x: inputs[0]!.shape, weight: inputs[1]!.shape, group: group, window: window)
    var y = correlation.product(inputs[0]!, inputs[1]!)
    if let bias = inputs[2, default: nil] { y.add(bias, alongAxis: 1) }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let correlation = Correlation(x: inputs[0]!.shape, weight: inputs[1]!.shape, group: group, window: window)
    return [
      correlation.transposedProduct(gradients[0], inputs[1]!), correlation.weightGradient(inputs[0]!, gradients[0]),
      inputs[2, default: nil].map { _ in gradients[0].summed(alongAxis: 1) },
    ].prefixed(inputs.count)
  }
}

extension Op.ConvTranspose: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    var y = correlation(inputs).transposedProduct(inputs[0]!, inputs[1]!)
    if let bias = inputs[2, default: nil] { y.add(bias, alongAxis: 1) }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let correlation = correlation(inputs)
    return [
      correlation.product(gradients[0], inputs[1]!), correlation.weightGradient(gradients[0], inputs[0]!),
      inputs[2, default: nil].map { _ in gradients[0].summed(alongAxis: 1) },
    ].prefixed(inputs.count)
  }

  /// The convolution, from output to input, whose transpose this is.
  private func correlation(_ inputs: [Tensor<Double>?]) -> Correlation {
    let x = inputs[0]!.shape
    let weight = inputs[1]!.shape
    let input = Array(x.dimensions[2...])
    let kernel = Array(weight.dimensions[2...])
    let strides = window.strides.isEmpty ? input.map { _ in 1 } : window.strides
    let dilations = window.dilations.isEmpty ? input.map { _ in 1 } : window.dilations
    var begin = input.map { _ in 0 }
    var end = begin
    var output = begin
    for axis in input.indices {
      let extent = dilations[axis] * (kernel[axis] - 1) + 1
      let full = strides[axis] * (input[axis] - 1) + (outputPadding.isEmpty ? 0 : outputPadding[axis]) + extent
      if case .explicit(let declaredBegin, let declaredEnd) = window.padding, outputShape.isEmpty {
        begin[axis] = declaredBegin.isEmpty ? 0 : declaredBegin[axis]
        end[axis] = declaredEnd.isEmpty ? 0 : declaredEnd[axis]
        output[axis] = full - begin[axis] - end[axis]
      } else if window.padding == .valid, outputShape.isEmpty {
        output[axis] = full
      } else {
        output[axis] = outputShape.isEmpty ? input[axis] * strides[axis] : outputShape[axis]
        let total = max(full - output[axis], 0)
        begin[axis] = window.padding == .sameUpper ? total / 2 : total - total / 2
        end[axis] = total - begin[axis]
      }
    }
    let taps = WindowTaps(
      input: output, output: input, kernel: kernel, strides: strides, dilations: dilations, begin: begin, end: end)
    return Correlation(
      x: Shape([x[0], weight[1] * group] + output), weight: weight, group: group, taps: taps)
  }
}

/// The linear map of a convolution without bias, and its transposes.
private struct Correlation {
  /// `[N, C, …]`.
  let x: Shape
  /// `[M, C / group, k…]`.
  let weight: Shape
  let group: Int
  let taps: WindowTaps

  init(x: Shape, weight: Shape, group: Int, taps: WindowTaps) {
    self.x = x
    self.weight = weight
    self.group = group
    self.taps = taps
  }

  init(x: Shape, weight: Shape, group: Int, window: Window) {
    let taps = WindowTaps(window, kernel: Array(weight.dimensions[2...]), input: Array(x.dimensions[2...]))
    self.init(x: x, weight: weight, group: group, taps: taps)
  }

  var y: Shape { Shape([x[0], weight[0]] + taps.output) }

  /// `y = W x`.
  func product(_ x: Tensor<Double>, _ w: Tensor<Double>) -> Tensor<Double> {
    var y = [Double](repeating: 0, count: self.y.count)
    x.elements.withUnsafeBufferPointer { x in
      w.elements.withUnsafeBufferPointer { w in
        forEachTap { yPosition, xPosition, wPosition in y[yPosition] += x[xPosition] * w[wPosition] }
      }
    }
    return Tensor(y, shape: self.y)
  }

  /// `x = Wᵀ y`.
  func transposedProduct(_ y: Tensor<Double>, _ w: Tensor<Double>) -> Tensor<Double> {
    var x = [Double](repeating: 0, count: self.x.count)
    y.elements.withUnsafeBufferPointer { y in
      w.elements.withUnsafeBufferPointer { w in
        forEachTap { yPosition, xPosition, wPosition in x[xPosition] += y[yPosition] * w[wPosition] }
      }
    }
    return Tensor(x, shape: self.x)
  }

  /// The gradient of `Σ y · W x` with respect to the weights.
  func weightGradient(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Tensor<Double> {
    var w = [Double](repeating: 0, count: weight.count)
    x.elements.withUnsafeBufferPointer { x in
      y.elements.withUnsafeBufferPointer { y in
        forEachTap { yPosition, xPosition, wPosition in w[wPosition] += x[xPosition] * y[yPosition] }
      }
    }
    return Tensor(w, shape: weight)
  }

  /// Visits every multiplication: the positions of its output, input and weight.
  @inline(__always)
  private func forEachTap(_ visit: (_ y: Int, _ x: Int, _ w: Int) -> Void) {
    let outputs = taps.outputCount
    let inputs = x.dimensions[2...].reduce(1, *)
    let kernel = weight.dimensions[2...].reduce(1, *)
    let filters = weight[0]
    let channels = weight[1]
    taps.starts.withUnsafeBufferPointer { starts in
      taps.kernelPositions.withUnsafeBufferPointer { kernelPositions in
        taps.inputPositions.withUnsafeBufferPointer { inputPositions in
          for n in 0..<x[0] {
            for m in 0..<filters {
              let firstChannel = m / (filters / group) * channels
              for c in 0..<channels {
                let xBase = (n * x[1] + firstChannel + c) * inputs
                let wBase = (m * channels + c) * kernel
                let yBase = (n * filters + m) * outputs
                for p in 0..<outputs {
                  for tap in starts[p]..<starts[p + 1] {
                    visit(yBase + p, xBase + inputPositions[tap], wBase + kernelPositions[tap])
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
