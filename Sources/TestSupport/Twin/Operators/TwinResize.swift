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

  /// For each axis and each position of the result along it, positions of the input and their weights.
  private func blends(_ inputs: [Tensor<Double>?]) -> [[[(position: Int, weight: Double)]]] {
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
          let position = coordinate($0, length: length, result: result) { Double($0 / scale) }
          return blend(position, length: length, isSingle: true)
        }
      }
      let result = sizes[entry]
      return (0..<result).map {
        // (position + ½) · length / result − ½ over one denominator, so that ties are ties.
        blend(coordinate($0, length: length, result: result), length: length)
      }
    }
  }

  /// The position in the input; `divided` divides by a declared factor, in single precision.
  private func coordinate(_ position: Int, length: Int, result: Int, divided: ((Float) -> Double)? = nil) -> Double {
    switch coordinates {
    case .alignCorners: return result > 1 ? Double(position * (length - 1)) / Double(result - 1) : 0
    case .asymmetric: return divided?(Float(position)) ?? Double(position * length) / Double(result)
    case .pytorchHalfPixel where result <= 1: return 0
    case .halfPixel, .pytorchHalfPixel:
      if let divided { return Double(Float(divided(Float(position) + 0.5)) - 0.5) }
      return Double((2 * position + 1) * length - result) / Double(2 * result)
    }
  }

  private func blend(_ coordinate: Double, length: Int, isSingle: Bool = false) -> [(position: Int, weight: Double)] {
    func clamped(_ position: Double) -> Int { min(max(Int(position), 0), length - 1) }
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
    case .cubic:
      // The four weights as ONNX's reference lists them, from the share of the way to the next element.
      let (a, s) = (Double(cubicCoefficient), coordinate - coordinate.rounded(.down))
      let weights = [
        ((a * (s + 1) - 5 * a) * (s + 1) + 8 * a) * (s + 1) - 4 * a, ((a + 2) * s - (a + 3)) * s * s + 1,
        ((a + 2) * (1 - s) - (a + 3)) * (1 - s) * (1 - s) + 1, ((a * (2 - s) - 5 * a) * (2 - s) + 8 * a) * (2 - s) - 4 * a,
      ]
      let places = (-1...2).map { coordinate.rounded(.down) + Double($0) }
      guard excludesOutside else { return zip(places, weights).map { (clamped($0), $1) } }
      let inside = zip(places, weights).filter { $0.0 >= 0 && $0.0 < Double(length) }
      let sum = inside.reduce(0) { $0 + $1.1 }
      return inside.map { (clamped($0.0), $0.1 / sum) }
    }
  }
}

extension Tensor where Scalar == Double {
  fileprivate func blended(along axis: Int, _ blend: [[(position: Int, weight: Double)]]) -> Tensor {
    let (outer, length, inner) = split(at: axis)
    var result = Tensor(repeating: 0, shape: shape.replacing(axis: axis, with: blend.count))
    for o in 0..<outer {
      for (position, parts) in blend.enumerated() {
        for i in 0..<inner {
          result.elements[(o * blend.count + position) * inner + i] =
            parts.reduce(0) { $0 + $1.weight * elements[(o * length + $1.position) * inner + i] }
        }
      }
    }
    return result
  }

  /// The transpose of ``blended(along:_:)``.
  fileprivate func unblended(along axis: Int, _ blend: [[(position: Int, weight: Double)]], length: Int) -> Tensor {
    let (outer, _, inner) = split(at: axis)
    var result = Tensor(repeating: 0, shape: shape.replacing(axis: axis, with: length))
    for o in 0..<outer {
      for (position, parts) in blend.enumerated() {
        for part in parts {
          for i in 0..<inner {
            result.elements[(o * length + part.position) * inner + i] +=
              part.weight * elements[(o * blend.count + position) * inner + i]
          }
        }
      }
    }
    return result
  }
}
