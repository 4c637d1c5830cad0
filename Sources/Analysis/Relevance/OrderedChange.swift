import Foundation
import Tensors

/// Which number of the explained class is looked at.
public enum ExplainedOutput: String, Sendable, CaseIterable {
  /// The output before a softmax.
  case logit
  /// The output behind one.
  case probability

  /// The explained number in a row of outputs `[n, K]`; the probability that a single logit gives is that of class 1.
  func number(_ outputs: Tensor<Float>, row: Int, _ target: OutputTarget) -> Double {
    let logits = outputs.outputs(ofRow: row).map(Double.init)
    guard self == .probability else { return target.score(of: logits) }
    if logits.count == 1 { return 1 / (1 + exp(-logits[0])) }
    let greatest = logits.max() ?? 0
    let sum = logits.reduce(0) { $0 + exp($1 - greatest) }
    return target.score(of: logits.map { exp($0 - greatest) / sum })
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
  ///   - shard: what is explained.
  ///   - pictures: at the beginning, `[n, …]`.
  ///   - others: what they turn into, of the same shape.
  ///   - orders: the order of places, one a picture.
  func curves(
    of shard: AttributionShard, from pictures: Tensor<Float>, to others: Tensor<Float>, in orders: [[Int]],
    _ targets: [OutputTarget], _ program: OutputProgram
  ) throws -> [Curves] {
    let geometry = shard.geometry
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
      let outputs = try program.run(pictures, others: shard.others(of: rows))
      for (place, row) in rows.enumerated() {
        let target = targets[row.picture]
        curves[row.picture].values[0][row.variant] = output.number(outputs, row: place, target)
        curves[row.picture].values[1][row.variant] = outputs.largest(inRow: place) == target.index ? 1 : 0
      }
    }
    return curves
  }
}
