import Foundation
import Tensors

/// Softmax cross-entropy with label smoothing, and its gradient, on the logits of a shard.
///
/// A single logit z stands for the two logits 0 and z: its loss is binary cross-entropy, with the labels 0 and 1.
///
/// A sample's loss is `−Σ q log p` with `p = softmax(logits)`, `q = (1 − smoothing) · onehot(label) + smoothing / K`, and its
/// gradient `p − q`; both are sums over samples here, divided by their number only once all shards are in.
///
/// Source: C. Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7.
struct SoftmaxCrossEntropy: Sendable {
  /// The share of the target that is spread over all classes, 0 ..< 1.
  var smoothing: Double

  /// The loss and the number of samples whose label has the greatest logit (the first of equals), over a shard.
  ///
  /// - Parameters:
  ///   - logits: `[N, K]`, row-major.
  ///   - labels: the class of each of the first `count` samples; the others get no gradient.
  ///   - gradient: `[N, K]`, written.
  func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafeMutableBufferPointer<Double>, count: Int, rows: Int, classes: Int,
    gradient: UnsafeMutablePointer<Float>
  ) -> (loss: Double, correct: Int) {
    if classes == 1 { return evaluate(binary: logits, labels: labels, count: count, rows: rows, gradient: gradient) }
    var loss = 0.0
    var correct = 0
    let share = smoothing / Double(classes)
    for row in 0..<count {
      let x = UnsafeBufferPointer(start: logits + row * classes, count: classes)
      let label = Int(labels[row])
      let summary = LogitSummary(x)
      for k in 0..<classes {
        let logarithm = Double(x[k]) - summary.logarithmOfSum
        let wanted = share + (k == label ? 1 - smoothing : 0)
        if wanted != 0 { loss -= wanted * logarithm }
        gradient[row * classes + k] = Float(exp(logarithm) - wanted)
      }
      if summary.best == label { correct += 1 }
    }
    (gradient + count * classes).update(repeating: 0, count: (rows - count) * classes)
    return (loss, correct)
  }

  /// Binary cross-entropy, `log(1 + exp(z)) − q z`, and its gradient `σ(z) − q`, with `q = (1 − smoothing) · label + smoothing /
  /// 2`.
  private func evaluate(
    binary logits: UnsafePointer<Float>, labels: UnsafeMutableBufferPointer<Double>, count: Int, rows: Int,
    gradient: UnsafeMutablePointer<Float>
  ) -> (loss: Double, correct: Int) {
    var loss = 0.0
    var correct = 0
    for row in 0..<count {
      let z = Double(logits[row])
      let wanted = (1 - smoothing) * labels[row] + smoothing / 2
      loss += max(z, 0) + log1p(exp(-abs(z))) - wanted * z
      gradient[row] = Float(1 / (1 + exp(-z)) - wanted)
      if (z > 0) == (labels[row] == 1) { correct += 1 }
    }
    (gradient + count).update(repeating: 0, count: rows - count)
    return (loss, correct)
  }
}

/// What a loss and a prediction need of one sample's logits.
struct LogitSummary {
  /// The first class with the greatest logit.
  let best: Int
  /// `log Σ exp(logit)`.
  let logarithmOfSum: Double

  init(_ logits: UnsafeBufferPointer<Float>) {
    let best = logits.indexOfGreatest ?? 0
    let greatest = Double(logits[best])
    var sum = 0.0
    for value in logits { sum += exp(Double(value) - greatest) }
    self.best = best
    logarithmOfSum = greatest + log(sum)
  }
}
