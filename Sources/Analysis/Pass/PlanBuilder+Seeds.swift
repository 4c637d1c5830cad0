import Engine
import Foundation
import Networks
import Tensors

/// Where a plan reads what is explained of each sample, written before every run.
package struct TargetSlots: Sendable {
  /// What the output holds of one sample.
  package let form: OutputForm
  /// The class of every position, or one of ``LossLabel``: `[N, P]`, for losses.
  fileprivate let labels: Slot
  /// Which numbers count, then the numbers by which relevance starts: `[N, 1 + K · P]`.
  fileprivate let starts: Slot

  /// Writes the targets of a shard; the rows that fill it up take the predicted class.
  ///
  /// - Parameter count: the number of classes that targets are of, where those are not the output's.
  /// - Throws: `EspalierError` naming a target that does not fit the output.
  package func write(_ targets: [OutputTarget], of count: Int? = nil, to program: Program) throws {
    let (labels, starts) = (program.pointer(labels), program.pointer(starts))
    for row in 0..<program.plan.batch {
      let target = row < targets.count ? targets[row] : .predicted
      try target.check(form, classes: count)
      target.writeLabels(to: labels + row * form.positions, form)
      let start = starts + row * (form.count + 1)
      start.update(repeating: 0, count: form.count + 1)
      start[0] = target.selection(in: form).code
      target.write(to: start + 1, form)
    }
  }
}

extension OutputSelection {
  /// How it stands in a slot.
  fileprivate var code: Float {
    switch self {
    case .asTheyAre: -2
    case .ofPredicted: -1
    case .labels: -3
    case .wherePredicted(let index): Float(index)
    }
  }

  fileprivate init(code: Float) {
    self =
      switch code {
      case -3: .labels
      case -2: .asTheyAre
      case -1: .ofPredicted
      default: .wherePredicted(Int(code))
      }
  }
}

extension PlanBuilder {
  /// Makes room for targets.
  package func allocateTargets(_ form: OutputForm) -> TargetSlots {
    let labels = allocate(.plain([batch, form.positions]), name: "targets")
    let starts = allocate(.plain([batch, form.count + 1]), name: "starts")
    pin(labels)
    pin(starts)
    return TargetSlots(form: form, labels: labels, starts: starts)
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

  /// What lies at values, with images along axis 0 where each has one position along another, so that rows are images.
  package func imagesFirst(_ slots: [Slot?], like values: [String?]) throws -> [Slot] {
    try zip(slots, values).compactMap { slot, value in
      guard let slot, let axis = value.flatMap({ images[$0]?.ownAxis }), axis > 0 else { return slot }
      let others = layout(slot).shape.dimensions.indices.filter { $0 != axis }
      let result = try permuted(slot, [axis] + others, label: "images")
      positionRows(result)
      return result
    }
  }

  /// Appends what relevance starts from: the targets' numbers, or their products with the outputs.
  ///
  /// - Parameter logits: the outputs, `[N, …]`, row-major.
  package func appendRelevanceStart(of logits: Slot, targets: TargetSlots, start: RelevanceStart) -> Slot {
    let layout = layout(logits)
    let (seed, form, starts) = (allocate(layout, name: "start"), targets.form, targets.starts)
    addStep("start", reads: [starts, logits], writes: [seed]) { program in
      let (chosen, y, r) = (program.pointer(starts), program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, wanted, result) = (y + sample * form.count, chosen + sample * (form.count + 1), r + sample * form.count)
        result.update(from: wanted + 1, count: form.count)
        OutputSelection(code: wanted[0]).apply(to: result, of: row, form)
        if start == .logit { for i in 0..<form.count where result[i] != 0 { result[i] *= row[i] } }
      }
    }
    return seed
  }

  /// Appends the gradient of each sample's own cross-entropy with respect to its outputs, softmax(y) − one-hot; of outputs with
  /// positions that of the mean over the positions that have a class.
  ///
  /// A single output is the logit of class 1 of two, and its gradient that of the binary cross-entropy: σ(y) − target. Where the
  /// target is numbers, the loss is the mean squared error: 2 (y − target) over the number of outputs.
  package func appendLossGradient(of logits: Slot, targets: TargetSlots) -> Slot {
    appendOfLoss("gradient of the loss", of: logits, targets) { probability, isWanted in
      probability - (isWanted ? 1 : 0)
    } error: {
      2 * $0
    }
  }

  /// Appends the diagonal of the second derivatives of the same loss with respect to the outputs: p (1 − p) with p = softmax(y),
  /// or σ(y) of a single output, whatever the label; 2 for the squared error.
  package func appendLossCurvature(of logits: Slot, targets: TargetSlots) -> Slot {
    appendOfLoss("curvature of the loss", of: logits, targets) { probability, _ in
      probability * (1 - probability)
    } error: { _ in
      2
    }
  }

  /// Appends what a loss yields at every output, over the number of the terms that it is the mean of.
  ///
  /// - Parameters:
  ///   - entropy: of a class's probability and whether it is the right one.
  ///   - error: of the output less what it should be.
  private func appendOfLoss(
    _ name: String, of logits: Slot, _ targets: TargetSlots, entropy: @escaping @Sendable (Double, Bool) -> Double,
    error: @escaping @Sendable (Double) -> Double
  ) -> Slot {
    let layout = layout(logits)
    let (form, targets, starts) = (targets.form, targets.labels, targets.starts)
    let seed = allocate(layout, name: name)
    addStep("loss", reads: [targets, starts, logits], writes: [seed]) { program in
      let (target, y, g) = (program.pointer(targets), program.pointer(logits), program.pointer(seed))
      for sample in 0..<layout.samples {
        let (row, result, labels) = (y + sample * form.count, g + sample * form.count, target + sample * form.positions)
        let numbers = program.pointer(starts) + sample * (form.count + 1)
        if case .labels = OutputSelection(code: numbers[0]) {
          for i in 0..<form.count { result[i] = Float(error(Double(row[i]) - Double(numbers[1 + i])) / Double(form.count)) }
          continue
        }
        let wanted = (0..<form.positions).map { position in
          let start = form.start(ofPosition: position)
          let predicted = form.classes == 1 ? row[start] > 0 ? 1 : 0 : form.predictedClass(row, start) ?? 0
          return LossLabel.resolved(labels[position], predicted: predicted)
        }
        result.update(repeating: 0, count: form.count)
        let count = Double(wanted.count { $0 != nil })
        for (position, wanted) in wanted.enumerated() {
          guard let wanted else { continue }
          form.forEachProbability(row, position) { result[$0] = Float(entropy($2, $1 == wanted) / count) }
        }
      }
    }
    return seed
  }
}

extension OutputForm {
  /// Hands on the probability of every class at a position, with where its number lies; of a single number that of class 1.
  fileprivate func forEachProbability(
    _ outputs: UnsafePointer<Float>, _ position: Int, _ body: (_ entry: Int, _ index: Int, _ probability: Double) -> Void
  ) {
    let start = start(ofPosition: position)
    if classes == 1 { return body(start, 1, 1 / (1 + exp(-Double(outputs[start])))) }
    let greatest = Double((0..<classes).reduce(-Float.infinity) { max($0, outputs[start + $1 * stride]) })
    var total = 0.0
    for k in 0..<classes { total += exp(Double(outputs[start + k * stride]) - greatest) }
    for k in 0..<classes {
      let entry = start + k * stride
      body(entry, k, exp(Double(outputs[entry]) - greatest) / total)
    }
  }
}
