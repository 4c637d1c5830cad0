import Datasets
import Networks
import Tensors

/// How far outputs are from what they should be: cross-entropy of one class a position, or the mean squared error of numbers.
struct OutputLoss: Sendable {
  /// What labels are.
  let task: LearningTask
  /// What the output holds of one sample.
  let form: OutputForm
  /// The share of a label that is spread over all classes.
  let smoothing: Double

  /// The number of labels of a sample.
  var labelCount: Int { task == .regression ? form.count : form.positions }

  /// The labels of a shard's samples, one after the other; a class below 0 is none.
  ///
  /// - Throws: `EspalierError` naming a sample whose labels do not fit the output.
  func labels(of shard: LabelledShard) throws -> [Double] {
    func refuse(_ row: Int, _ problem: String, _ accepted: String) -> EspalierError {
      EspalierError(problem, location: "sample \(shard.indices[row])", accepted: accepted)
    }
    let classes = ClassScores.labels(ofOutputs: form.classes)
    let known = task == .regression ? shard.values.count : form.isVector ? shard.labels.count : shard.positions.count
    guard known == shard.count else {
      throw refuse(
        0, task == .regression ? "it has no numbers for a label" : "it has no classes of its positions",
        "labels for what the output holds, \(Shape(form.lengths))")
    }
    if task == .regression {
      return try shard.values.enumerated().flatMap { row, values in
        guard values.count == form.count else {
          throw refuse(row, "its label has \(values.count.of("number"))", "\(form.count), as the output has")
        }
        return values.map(Double.init)
      }
    }
    if form.isVector {
      return try shard.labels.enumerated().map { row, labels in
        guard let label = labels.first, (0..<classes).contains(label) else {
          throw refuse(
            row, labels.isEmpty ? "it has no label" : "its label \(labels[0]) is no class of the network", "0 to \(classes - 1)")
        }
        return Double(label)
      }
    }
    return try shard.positions.enumerated().flatMap { row, labels in
      guard labels.count == form.positions else {
        throw refuse(row, "it has classes of \(labels.count) positions", "\(form.positions): \(Shape(form.positionLengths))")
      }
      if let label = labels.first(where: { $0 >= classes }) {
        throw refuse(row, "its class \(label) is none of the network's", "0 to \(classes - 1), and 255 for none")
      }
      return labels.map { $0 < 0 ? -1 : Double($0) }
    }
  }

  /// The number of terms that the loss is the mean of: labelled samples, labelled positions, or numbers.
  func weight(of labels: [Double]) -> Int { task == .regression ? labels.count : labels.count { $0 >= 0 } }

  /// The loss and the number of labels that have the greatest logit (the first of equals), summed over a shard.
  ///
  /// - Parameters:
  ///   - outputs: `[N, …]`, row-major.
  ///   - labels: of the first `count` samples; the others get no gradient.
  ///   - gradient: `[N, …]`, written.
  func evaluate(
    outputs: UnsafePointer<Float>, labels: UnsafeMutableBufferPointer<Double>, count: Int, rows: Int,
    gradient: UnsafeMutablePointer<Float>
  ) -> (loss: Double, correct: Int) {
    var sum = (loss: 0.0, correct: 0)
    if task == .regression {
      for i in 0..<count * form.count {
        let error = Double(outputs[i]) - labels[i]
        sum.loss += error * error
        gradient[i] = Float(2 * error)
      }
    } else {
      let loss = SoftmaxCrossEntropy(smoothing: smoothing)
      var logits = [Float](repeating: 0, count: form.classes)
      for sample in 0..<count {
        for position in 0..<form.positions {
          let start = sample * form.count + form.start(ofPosition: position)
          let label = labels[sample * form.positions + position]
          guard label >= 0 else {
            for k in 0..<form.classes { gradient[start + k * form.stride] = 0 }
            continue
          }
          for k in 0..<form.classes { logits[k] = outputs[start + k * form.stride] }
          let own = loss.evaluate(logits, label: Int(label)) { gradient[start + $0 * form.stride] = $1 }
          sum.loss += own.loss
          sum.correct += own.isRight ? 1 : 0
        }
      }
    }
    (gradient + count * form.count).update(repeating: 0, count: (rows - count) * form.count)
    return sum
  }
}
