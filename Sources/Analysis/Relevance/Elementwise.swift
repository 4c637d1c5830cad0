import Engine
import Foundation

/// The loops of a relevance pass over whole buffers; written so that they vectorise.
enum Elementwise {
  typealias Source = UnsafeMutablePointer<Float>

  static func positivePart(_ r: Source, into result: Source, count: Int) {
    for i in 0..<count { result[i] = r[i] > 0 ? r[i] : 0 }
  }

  static func scale(_ r: Source, by factor: Float, into result: Source, count: Int) {
    for i in 0..<count { result[i] = factor * r[i] }
  }

  static func gate(_ gradient: Source, by r: Source, into result: Source, count: Int) {
    for i in 0..<count { result[i] = r[i] > 0 ? gradient[i] : 0 }
  }

  static func smooth(_ r: Source, _ x: Source, beta: Float, into result: Source, count: Int) {
    for i in 0..<count { result[i] = r[i] / (1 + expf(-beta * x[i])) }
  }

  static func change(_ x: Source, _ form: RulePart.Input, into result: Source, layout: Layout) {
    let count = layout.floatCount
    switch form {
    case .asIs: result.update(from: x, count: count)
    case .positive: for i in 0..<count { result[i] = x[i] > 0 ? x[i] : 0 }
    case .negative: for i in 0..<count { result[i] = x[i] < 0 ? x[i] : 0 }
    case .constant(let value): result.update(repeating: value, count: count)
    case .channels(let values):
      let (area, block) = (layout.area, layout.block)
      for sample in 0..<layout.samples {
        for (channel, value) in values.enumerated() {
          let first = sample * layout.sampleStride + channel / block * area * block + channel % block
          for position in 0..<area { result[first + position * block] = value }
        }
      }
    case .sign(let threshold): for i in 0..<count { result[i] = x[i] >= threshold ? 1 : -1 }
    }
  }

  /// `R / st(Σ ± z)`.
  static func divide(
    _ r: Source, by terms: [(z: Source, sign: Float)], stabilizer: Stabilizer, input: (x: Source, layout: Layout)? = nil,
    into result: Source, layout: Layout
  ) {
    let count = layout.floatCount
    if terms.count == 1, terms[0].sign == 1, !stabilizer.isRelative, !stabilizer.clips, input == nil, stabilizer.epsilon > 0 {
      let (z, epsilon) = (terms[0].z, stabilizer.epsilon)
      for i in 0..<count { result[i] = r[i] / (z[i] + (z[i] < 0 ? -epsilon : epsilon)) }
      return
    }
    result.update(repeating: 0, count: count)
    for (z, sign) in terms { for i in 0..<count { result[i] += sign * z[i] } }
    for sample in 0..<layout.samples {
      let start = sample * layout.sampleStride
      var epsilon = stabilizer.epsilon
      if stabilizer.isRelative {
        var squares = 0.0
        for i in start..<start + layout.sampleStride { squares += Double(result[i]) * Double(result[i]) }
        epsilon *= Float((squares / Double(max(layout.shape.count / max(layout.samples, 1), 1))).squareRoot())
      }
      if let input { epsilon *= deviation(input.x + sample * input.layout.sampleStride, input.layout) }
      for i in start..<start + layout.sampleStride {
        // Lanes that hold no channel carry no relevance, and 0 / 0 must not become one.
        let z = stabilizer(result[i], epsilon: epsilon)
        result[i] = r[i] == 0 || z == 0 ? 0 : r[i] / z
      }
    }
  }

  /// The standard deviation of a sample's values; lanes that hold no channel hold 0 and do not count.
  private static func deviation(_ x: Source, _ layout: Layout) -> Float {
    let count = Double(max(layout.shape.count / max(layout.samples, 1), 1))
    var (sum, squares) = (0.0, 0.0)
    for i in 0..<layout.sampleStride { sum += Double(x[i]) }
    let mean = sum / count
    for i in 0..<layout.sampleStride { squares += Double(x[i]) * Double(x[i]) }
    return Float(max(squares / count - mean * mean, 0).squareRoot())
  }

  /// Drops quotients whose output lies on the other side.
  static func close(_ result: Source, where y: Source, _ side: RulePart.Gate, count: Int) {
    switch side {
    case .all: break
    case .positiveOutput: for i in 0..<count { result[i] = y[i] > 0 ? result[i] : 0 }
    case .negativeOutput: for i in 0..<count { result[i] = y[i] < 0 ? result[i] : 0 }
    }
  }

  /// `result (+)= factor · input · gradient`.
  static func weigh(
    _ x: Source, _ form: RulePart.Input, _ c: Source, factor: Float, into result: Source, adding: Bool, count: Int
  ) {
    switch (form, adding) {
    case (.asIs, false): for i in 0..<count { result[i] = factor * x[i] * c[i] }
    case (.asIs, true): for i in 0..<count { result[i] += factor * x[i] * c[i] }
    case (.positive, false): for i in 0..<count { result[i] = x[i] > 0 ? factor * x[i] * c[i] : 0 }
    case (.positive, true): for i in 0..<count { result[i] += x[i] > 0 ? factor * x[i] * c[i] : 0 }
    case (.negative, false): for i in 0..<count { result[i] = x[i] < 0 ? factor * x[i] * c[i] : 0 }
    case (.negative, true): for i in 0..<count { result[i] += x[i] < 0 ? factor * x[i] * c[i] : 0 }
    case (.channels, _): preconditionFailure("numbers of channels are weighed as a map of their own")
    case (.constant(let value), false): for i in 0..<count { result[i] = factor * value * c[i] }
    case (.constant(let value), true): for i in 0..<count { result[i] += factor * value * c[i] }
    case (.sign(let threshold), false): for i in 0..<count { result[i] = x[i] >= threshold ? factor * c[i] : -factor * c[i] }
    case (.sign(let threshold), true): for i in 0..<count { result[i] += x[i] >= threshold ? factor * c[i] : -factor * c[i] }
    }
  }
}
