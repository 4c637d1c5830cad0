import Foundation
import Tensors

/// Which number of the explained class is observed.
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
  /// The positions by falling or rising relevance, equal ones row by row.
  func order(_ sign: RelevanceSign, isDescending: Bool = true) -> [Int] {
    let values = values(sign)
    return values.indices.sorted { values[$0] != values[$1] ? (values[$0] > values[$1]) == isDescending : $0 < $1 }
  }
}

/// The answers while images turn into others, position by position in a given order.
struct OrderedChange {
  /// The number of steps of equal size.
  var steps: Int
  /// The share of the positions that are changed in the end.
  var share: Double
  /// Which number is observed.
  var output: ExplainedOutput

  /// The curves after 0, 1 … ``steps`` steps: the explained output, and whether the explained class is the predicted one.
  ///
  /// - Parameters:
  ///   - shard: what is explained.
  ///   - images: at the beginning, `[n, …]`.
  ///   - others: what they turn into, of the same shape.
  ///   - orders: the order of positions, one an image.
  func curves(
    of shard: AttributionShard, from images: Tensor<Float>, to others: Tensor<Float>, in orders: [[Int]],
    _ targets: [OutputTarget], _ program: OutputProgram
  ) throws -> [Curves] {
    let geometry = shard.geometry
    var curves = [Curves](
      repeating: Curves([[Double]](repeating: [Double](repeating: 0, count: steps + 1), count: 2)), count: images.shape[0])
    let variants = Variants(images: images, count: steps + 1, batch: program.plan.batch, progress: program.progress)
    try variants.forEachBatch { row, values in
      let count = Int((share * Double(row.variant) / Double(steps) * Double(geometry.area)).rounded())
      let start = row.image * geometry.count
      for position in orders[row.image].prefix(count) {
        for channel in 0..<geometry.channels {
          let i = position * geometry.positionStep + channel * geometry.channelStep
          values[i] = others.elements[start + i]
        }
      }
    } run: { images, rows in
      let outputs = try program.run(images, others: shard.others(of: rows))
      for (position, row) in rows.enumerated() {
        let target = targets[row.image]
        curves[row.image].values[0][row.variant] = output.number(outputs, row: position, target)
        curves[row.image].values[1][row.variant] = outputs.largest(inRow: position) == target.index ? 1 : 0
      }
    }
    return curves
  }
}
