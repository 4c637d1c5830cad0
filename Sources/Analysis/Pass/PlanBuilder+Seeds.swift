import Engine
import Foundation
import Tensors

extension PlanBuilder {
  /// Appends what relevance starts from: 1 or the output itself at each sample's target, 0 elsewhere.
  ///
  /// - Parameters:
  ///   - logits: the outputs, `[N, K]`, row-major.
  ///   - targets: one class a sample; below 0 for the class with the greatest output.
  package func appendRelevanceStart(of logits: Slot, targets: Slot, classes: Int, start: RelevanceStart) -> Slot {
    let layout = layout(logits)
    let seed = allocate(layout, name: "start")
    addStep("start", reads: [targets, logits], writes: [seed]) { program in
      let (target, y, r) = (program.pointer(targets), program.pointer(logits), program.pointer(seed))
      r.update(repeating: 0, count: layout.floatCount)
      for sample in 0..<layout.samples {
        let row = y + sample * classes
        let wanted = wantedClass(target[sample], row, classes)
        r[sample * classes + wanted] = start == .logit ? row[wanted] : 1
      }
    }
    return seed
  }

  /// Appends the gradient of each sample's own cross-entropy with respect to its outputs: softmax(y) − one-hot.
  package func appendLossGradient(of logits: Slot, targets: Slot, classes: Int) -> Slot {
    let layout = layout(logits)
    let seed = allocate(layout, name: "gradient of the loss")
    addStep("loss", reads: [targets, logits], writes: [seed]) { program in
      let (target, y, g) = (program.pointer(targets), program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, result) = (y + sample * classes, g + sample * classes)
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
  /// whatever the label.
  package func appendLossCurvature(of logits: Slot, classes: Int) -> Slot {
    let layout = layout(logits)
    let seed = allocate(layout, name: "curvature of the loss")
    addStep("loss", reads: [logits], writes: [seed]) { program in
      let (y, h) = (program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, result) = (y + sample * classes, h + sample * classes)
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
