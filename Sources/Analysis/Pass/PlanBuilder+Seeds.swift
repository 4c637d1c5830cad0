import Engine
import Foundation
import Tensors

/// Where a plan reads what is explained of each sample, written before every run.
package struct TargetSlots: Sendable {
  /// The number of outputs, K.
  package let classes: Int
  /// One class a sample, below 0 for the predicted one: `[N]`, for losses.
  fileprivate let labels: Slot
  /// Whether the class is the predicted one, and the numbers by which relevance starts: `[N, 1 + K]`.
  fileprivate let starts: Slot

  /// Writes the targets of a shard; the rows that fill it up take the predicted class.
  ///
  /// - Parameter count: the number of classes that targets are of, where those are not the outputs.
  /// - Throws: `EspalierError` naming a target that is no class.
  package func write(_ targets: [OutputTarget], of count: Int? = nil, to program: Program) throws {
    let (labels, starts) = (program.pointer(labels), program.pointer(starts))
    for row in 0..<program.plan.batch {
      let target = row < targets.count ? targets[row] : .predicted
      try target.check(classes: count ?? classes)
      labels[row] = Float(target.index ?? -1)
      let start = starts + row * (classes + 1)
      start.update(repeating: 0, count: classes + 1)
      switch target {
      case .predicted: start[0] = 1
      // What a single output explains is that output, whichever class it speaks for.
      case _ where classes == 1: start[1] = 1
      case .index(let index): start[1 + index] = 1
      case .contrast(let terms): for term in terms { start[1 + term.index] += term.coefficient }
      case .tensor(let numbers): for (index, number) in numbers.enumerated() { start[1 + index] = number }
      }
    }
  }
}

extension PlanBuilder {
  /// Makes room for targets.
  package func allocateTargets(classes: Int) -> TargetSlots {
    let labels = allocate(.plain([batch]), name: "targets")
    let starts = allocate(.plain([batch, classes + 1]), name: "starts")
    pin(labels)
    pin(starts)
    return TargetSlots(classes: classes, labels: labels, starts: starts)
  }

  /// Appends a copy `[N, C, T]` of a value `[…, C]` whose channels lie behind tokens, images along any one of the other axes.
  ///
  /// - Parameter value: the value whose images lie as those of the slot.
  /// - Throws: `EspalierError` if the engine cannot lay it out.
  package func channelsSecond(_ slot: Slot, like value: String) throws -> Slot {
    let shape = layout(slot).shape
    let axis = images[value]?.ownAxis ?? 0
    let tokens = (0..<shape.rank - 1).filter { $0 != axis }
    let count = tokens.reduce(1) { $0 * shape[$1] }
    let result = view(
      try permuted(slot, [axis, shape.rank - 1] + tokens, label: "channels"), as: [shape[axis], shape[-1], count])
    if axis == 0 { position(result, like: value) } else { positionRows(result) }
    return result
  }

  /// Appends what relevance starts from: the targets' numbers, or their products with the outputs.
  ///
  /// - Parameter logits: the outputs, `[N, K]`, row-major.
  package func appendRelevanceStart(of logits: Slot, targets: TargetSlots, start: RelevanceStart) -> Slot {
    let layout = layout(logits)
    let (seed, classes, starts) = (allocate(layout, name: "start"), targets.classes, targets.starts)
    addStep("start", reads: [starts, logits], writes: [seed]) { program in
      let (chosen, y, r) = (program.pointer(starts), program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, wanted, result) = (y + sample * classes, chosen + sample * (classes + 1), r + sample * classes)
        if wanted[0] == 1 {
          result.update(repeating: 0, count: classes)
          result[wantedClass(-1, row, classes)] = 1
        } else {
          result.update(from: wanted + 1, count: classes)
        }
        if start == .logit { for k in 0..<classes where result[k] != 0 { result[k] *= row[k] } }
      }
    }
    return seed
  }

  /// Appends the gradient of each sample's own cross-entropy with respect to its outputs: softmax(y) − one-hot.
  ///
  /// A single output is the logit of class 1 of two, and its gradient that of the binary cross-entropy: σ(y) − target.
  package func appendLossGradient(of logits: Slot, targets: TargetSlots) -> Slot {
    let layout = layout(logits)
    let (classes, targets) = (targets.classes, targets.labels)
    let seed = allocate(layout, name: "gradient of the loss")
    addStep("loss", reads: [targets, logits], writes: [seed]) { program in
      let (target, y, g) = (program.pointer(targets), program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, result) = (y + sample * classes, g + sample * classes)
        if classes == 1 {
          let wanted: Double = target[sample] >= 0 ? Double(target[sample]) : row[0] > 0 ? 1 : 0
          result[0] = Float(1 / (1 + exp(-Double(row[0]))) - wanted)
          continue
        }
        let greatest = Double((0..<classes).reduce(-Float.infinity) { max($0, row[$1]) })
        var total = 0.0
        for k in 0..<classes { total += exp(Double(row[k]) - greatest) }
        for k in 0..<classes { result[k] = Float(exp(Double(row[k]) - greatest) / total) }
        let wanted = wantedClass(target[sample], row, classes)
        result[wanted] = Float(exp(Double(row[wanted]) - greatest) / total - 1)
      }
    }
    return seed
  }

  /// Appends the diagonal of the cross-entropy's second derivatives with respect to the outputs, p (1 − p) with p = softmax(y),
  /// or σ(y) of a single output, whatever the label.
  package func appendLossCurvature(of logits: Slot, classes: Int) -> Slot {
    let layout = layout(logits)
    let seed = allocate(layout, name: "curvature of the loss")
    addStep("loss", reads: [logits], writes: [seed]) { program in
      let (y, h) = (program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, result) = (y + sample * classes, h + sample * classes)
        if classes == 1 {
          let p = 1 / (1 + exp(-Double(row[0])))
          result[0] = Float(p * (1 - p))
          continue
        }
        let greatest = Double((0..<classes).reduce(-Float.infinity) { max($0, row[$1]) })
        var total = 0.0
        for k in 0..<classes { total += exp(Double(row[k]) - greatest) }
        for k in 0..<classes {
          let p = exp(Double(row[k]) - greatest) / total
          result[k] = Float(p * (1 - p))
        }
      }
    }
    return seed
  }
}

/// The target, or the class with the greatest output, the first of equals.
private func wantedClass(_ target: Float, _ row: UnsafePointer<Float>, _ classes: Int) -> Int {
  target >= 0 ? Int(target) : UnsafeBufferPointer(start: row, count: classes).indexOfGreatest ?? 0
}
