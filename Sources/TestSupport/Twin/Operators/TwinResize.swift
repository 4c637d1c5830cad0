import Foundation
import Networks
import Tensors

extension Op.Resize: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    var y = inputs[0]!
    for (axis, blend) in blends(inputs).enumerated() { y = y.blended(along: axis, blend) }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    var gradient = gradients[0]
    for (axis, blend) in blends(inputs).enumerated() {
      gradient = gradient.unblended(along: axis, blend, length: inputs[0]!.shape[axis])
    }
    return [gradient, nil, nil, nil].prefixed(inputs.count)
  }

  /// For each axis and each place of the result along it, places of the input and their weights.
  private func blends(_ inputs: [Tensor<Double>?]) -> [[[(place: Int, weight: Double)]]] {
    let shape = inputs[0]!.shape
    let scales = inputs[2, default: nil]?.elements ?? []
    let sizes = inputs[3, default: nil]?.integers ?? []
    return (0..<shape.rank).map { axis in
      let length = shape[axis]
      let scale = sizes.isEmpty ? scales[axis] : Double(sizes[axis]) / Double(length)
      let result = sizes.isEmpty ? Int((Double(length) * scale).rounded(.down)) : sizes[axis]
      return (0..<result).map { blend(coordinate(Double($0), length: length, result: result, scale: scale), length: length) }
    }
  }

  private func coordinate(_ place: Double, length: Int, result: Int, scale: Double) -> Double {
    switch coordinates {
    case .halfPixel: (place + 0.5) / scale - 0.5
    case .pytorchHalfPixel: result > 1 ? (place + 0.5) / scale - 0.5 : 0
    case .alignCorners: result > 1 ? place * Double(length - 1) / Double(result - 1) : 0
    case .asymmetric: place / scale
    }
  }

  private func blend(_ coordinate: Double, length: Int) -> [(place: Int, weight: Double)] {
    func clamped(_ place: Double) -> Int { min(max(Int(place), 0), length - 1) }
    switch mode {
    case .nearest:
      let nearest =
        switch rounding {
        case .roundPreferFloor: (coordinate - 0.5).rounded(.up)
        case .roundPreferCeil: (coordinate + 0.5).rounded(.down)
        case .floor: coordinate.rounded(.down)
        case .ceil: coordinate.rounded(.up)
        }
      return [(clamped(nearest), 1)]
    case .linear:
      let left = coordinate.rounded(.down)
      return [(clamped(left), 1 - (coordinate - left)), (clamped(left + 1), coordinate - left)]
    }
  }
}

extension Tensor where Scalar == Double {
  fileprivate func blended(along axis: Int, _ blend: [[(place: Int, weight: Double)]]) -> Tensor {
    let (outer, length, inner) = split(at: axis)
    var result = Tensor(repeating: 0, shape: shape.replacing(axis: axis, with: blend.count))
    for o in 0..<outer {
      for (place, parts) in blend.enumerated() {
        for i in 0..<inner {
          result.elements[(o * blend.count + place) * inner + i] =
            parts.reduce(0) { $0 + $1.weight * elements[(o * length + $1.place) * inner + i] }
        }
      }
    }
    return result
  }

  /// The transpose of ``blended(along:_:)``.
  fileprivate func unblended(along axis: Int, _ blend: [[(place: Int, weight: Double)]], length: Int) -> Tensor {
    let (outer, _, inner) = split(at: axis)
    var result = Tensor(repeating: 0, shape: shape.replacing(axis: axis, with: length))
    for o in 0..<outer {
      for (place, parts) in blend.enumerated() {
        for part in parts {
          for i in 0..<inner {
            result.elements[(o * length + part.place) * inner + i] +=
              part.weight * elements[(o * blend.count + place) * inner + i]
          }
        }
      }
    }
    return result
  }
}
