import Foundation
import Tensors

/// Which number of the explained class is looked at.
public enum ExplainedOutput: String, Sendable, CaseIterable {
  /// The output before a softmax.
  case logit
  /// The output behind one.
  case probability

  /// The number of a class in a row of outputs `[n, K]`.
  func number(_ outputs: Tensor<Float>, row: Int, _ target: Int) -> Double {
    let logits = outputs.elements[row * outputs.shape[1]..<(row + 1) * outputs.shape[1]].map(Double.init)
    guard self == .probability else { return logits[target] }
    let greatest = logits.max() ?? 0
    return exp(logits[target] - greatest) / logits.reduce(0) { $0 + exp($1 - greatest) }
  }
}

extension RelevanceMap {
  /// The places by falling or rising relevance, equal ones row by row.
  func order(_ sign: RelevanceSign, isDescending: Bool = true) -> [Int] {
    let values = values(sign)
    return values.indices.sorted { values[$0] != values[$1] ? (values[$0] > values[$1]) == isDescending : $0 < $1 }
  }
}

/// The answers while pictures turn into others, place by place in a given order.
struct OrderedChange {
  /// The number of steps of equal size.
  var steps: Int
  /// The share of the places that are changed in the end.
  var share: Double
  /// Which number is looked at.
  var output: ExplainedOutput

  /// The curves after 0, 1 … ``steps`` steps: the explained output, and whether the explained class is the predicted one.
  ///
  /// - Parameters:
  ///   - pictures: at the beginning, `[n, …]`.
  ///   - others: what they turn into, of the same shape.
  ///   - orders: the order of places, one a picture.
  func curves(
    from pictures: Tensor<Float>, to others: Tensor<Float>, in orders: [[Int]], _ geometry: PictureGeometry, _ targets: [Int],
    _ program: OutputProgram
  ) throws -> [Curves] {
    var curves = [Curves](
      repeating: Curves([[Double]](repeating: [Double](repeating: 0, count: steps + 1), count: 2)), count: pictures.shape[0])
    let variants = Variants(pictures: pictures, count: steps + 1, batch: program.plan.plan.batch, progress: program.progress)
    try variants.forEachBatch { row, values in
      let count = Int((share * Double(row.variant) / Double(steps) * Double(geometry.area)).rounded())
      let start = row.picture * geometry.count
      for place in orders[row.picture].prefix(count) {
        for channel in 0..<geometry.channels {
          let i = place * geometry.placeStep + channel * geometry.channelStep
          values[i] = others.elements[start + i]
        }
      }
    } run: { pictures, rows in
      let outputs = try program.run(pictures)
      for (place, row) in rows.enumerated() {
        let target = targets[row.picture]
        curves[row.picture].values[0][row.variant] = output.number(outputs, row: place, target)
        curves[row.picture].values[1][row.variant] = outputs.largest(inRow: place) == target ? 1 : 0
      }
    }
    return curves
  }
}
