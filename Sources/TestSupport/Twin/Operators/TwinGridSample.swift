import Foundation
import Networks
import Tensors

/// After the formulas of ONNX: every element of a map weighs by its distance to the position, 1 − |Δ| in both directions.
extension Op.GridSample: TwinOperator {
  func twinForward(_ inputs: [Tensor<Double>?], _ setting: TwinSetting) -> [Tensor<Double>] {
    let (x, grid) = (inputs[0]!, inputs[1]!)
    var y = Tensor<Double>(repeating: 0, shape: [x.shape[0], x.shape[1], grid.shape[1], grid.shape[2]])
    forEachReading(x, grid) { source, target, _, weight, _, _ in y.elements[target] += weight * x.elements[source] }
    return [y]
  }

  func twinBackward(
    _ inputs: [Tensor<Double>?], outputs: [Tensor<Double>], gradients: [Tensor<Double>], _ setting: TwinSetting
  ) -> [Tensor<Double>?] {
    let (x, grid, g) = (inputs[0]!, inputs[1]!, gradients[0])
    var (dx, dGrid) = (Tensor<Double>(repeating: 0, shape: x.shape), Tensor<Double>(repeating: 0, shape: grid.shape))
    forEachReading(x, grid) { source, target, place, weight, alongX, alongY in
      dx.elements[source] += weight * g.elements[target]
      dGrid.elements[2 * place] += alongX * x.elements[source] * g.elements[target]
      dGrid.elements[2 * place + 1] += alongY * x.elements[source] * g.elements[target]
    }
    return [dx, dGrid]
  }

  private func forEachReading(
    _ x: Tensor<Double>, _ grid: Tensor<Double>,
    _ body: (_ source: Int, _ target: Int, _ place: Int, _ weight: Double, _ alongX: Double, _ alongY: Double) -> Void
  ) {
    let (channels, height, width) = (x.shape[1], x.shape[2], x.shape[3])
    let count = grid.shape[1] * grid.shape[2]
    for place in 0..<grid.shape[0] * count {
      let columns = weights(grid.elements[2 * place], width), rows = weights(grid.elements[2 * place + 1], height)
      for channel in 0..<channels {
        let plane = place / count * channels + channel
        for row in 0..<height where rows[row].weight != 0 || rows[row].slope != 0 {
          for column in 0..<width where columns[column].weight != 0 || columns[column].slope != 0 {
            body(
              (plane * height + row) * width + column, plane * count + place % count, place,
              rows[row].weight * columns[column].weight, rows[row].weight * columns[column].slope,
              rows[row].slope * columns[column].weight)
          }
        }
      }
    }
  }

  /// The weight of every element along an axis, and its derivative with respect to the coordinate.
  private func weights(_ coordinate: Double, _ length: Int) -> [(weight: Double, slope: Double)] {
    let n = Double(length)
    var scale = alignsCorners ? (n - 1) / 2 : n / 2
    var position = alignsCorners ? (coordinate + 1) * (n - 1) / 2 : ((coordinate + 1) * n - 1) / 2
    if padding == .reflection {
      // A triangle wave between the edges.
      let (low, high) = alignsCorners ? (0, n - 1) : (-0.5, n - 0.5)
      while high > low, position < low || position > high {
        position = position < low ? 2 * low - position : 2 * high - position
        scale = -scale
      }
    }
    if padding != .zeros {
      if position <= 0 || position >= n - 1 { scale = 0 }
      position = min(max(position, 0), n - 1)
    }
    if mode == .nearest { return (0..<length).map { ($0 == Int(position.rounded(.toNearestOrEven)) ? 1 : 0, 0) } }
    return (0..<length).map { element in
      let distance = Double(element) - position
      guard abs(distance) < 1 else { return (0, 0) }
      return (1 - abs(distance), distance > 0 ? scale : -scale)
    }
  }
}
