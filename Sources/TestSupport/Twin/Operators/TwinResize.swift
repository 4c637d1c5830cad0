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
    let given = axes.isEmpty ? Array(0..<shape.rank) : axes.map { $0 < 0 ? $0 + shape.rank : $0 }
    return (0..<shape.rank).map { axis in
      let length = shape[axis]
      guard let entry = given.firstIndex(of: axis) else { return (0..<length).map { [($0, 1)] } }
      if sizes.isEmpty {
        let scale = Float(scales[entry])
        let result = Int((Float(length) * scale).rounded(.down))
        return (0..<result).map {
          let place = coordinate($0, length: length, result: result) { Double($0 / scale) }
          return blend(place, length: length, isSingle: true)
        }
      }
      let result = sizes[entry]
      return (0..<result).map {
        // (place + ½) · length / result − ½ over one denominator, so that ties are ties.
        blend(coordinate($0, length: length, result: result), length: length)
      }
    }
  }

  /// The place in the input; `divided` divides by a declared factor, in single precision.
  private func coordinate(_ place: Int, length: Int, result: Int, divided: ((Float) -> Double)? = nil) -> Double {
    switch coordinates {
    case .alignCorners: return result > 1 ? Double(place * (length - 1)) / Double(result - 1) : 0
    case .asymmetric: return divided?(Float(place)) ?? Double(place * length) / Double(result)
    case .pytorchHalfPixel where result <= 1: return 0
    case .halfPixel, .pytorchHalfPixel:
      if let divided { return Double(Float(divided(Float(place) + 0.5)) - 0.5) }
      return Double((2 * place + 1) * length - result) / Double(2 * result)
    }
  }

  private func blend(_ coordinate: Double, length: Int, isSingle: Bool = false) -> [(place: Int, weight: Double)] {
    func clamped(_ place: Double) -> Int { min(max(Int(place), 0), length - 1) }
    switch mode {
    case .nearest:
      let nearest =
        switch rounding {
        case .roundPreferFloor: (coordinate - 0.5).rounded(.up)
        case .roundPreferCeil where isSingle: Double((Float(coordinate) + 0.5).rounded(.down))
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
