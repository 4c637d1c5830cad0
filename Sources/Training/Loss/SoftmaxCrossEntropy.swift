import Foundation
import Tensors

/// Softmax cross-entropy with label smoothing, and its gradient, on the logits of one sample or position.
///
/// A single logit z stands for the two logits 0 and z: its loss is binary cross-entropy, with the labels 0 and 1.
///
/// The loss is `−Σ q log p` with `p = softmax(logits)`, `q = (1 − smoothing) · onehot(label) + smoothing / K`, and its gradient `p
/// − q`.
///
/// Source: C. Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7.
struct SoftmaxCrossEntropy: Loss {
  /// The share of the target that is spread over all classes, 0 ..< 1.
  var smoothing: Double

  var description: String { "cross-entropy, smoothing \(smoothing)" }

  func evaluate(
    _ outputs: UnsafeBufferPointer<Float>, label: Double, teacher: UnsafeBufferPointer<Double>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) -> (loss: Double, isRight: Bool) {
    evaluate(outputs, label: Int(label)) { gradient[$0] = Float($1) }
  }

  /// The loss, and whether the label has the greatest logit (the first of equals).
  ///
  /// - Parameter gradient: takes in the gradient of each class.
  func evaluate(
    _ x: UnsafeBufferPointer<Float>, label: Int, gradient: (Int, Double) -> Void
  ) -> (loss: Double, isRight: Bool) {
    if x.count == 1 { return evaluate(Double(x[0]), label: label, gradient) }
    let summary = LogitSummary(x)
    let share = smoothing / Double(x.count)
    var loss = 0.0
    for k in x.indices {
      let logarithm = Double(x[k]) - summary.logarithmOfSum
      let wanted = share + (k == label ? 1 - smoothing : 0)
      if wanted != 0 { loss -= wanted * logarithm }
      gradient(k, exp(logarithm) - wanted)
    }
    return (loss, summary.best == label)
  }

  /// Binary cross-entropy, `log(1 + exp(z)) − q z`, and its gradient `σ(z) − q`, with `q = (1 − smoothing) · label + smoothing /
  /// 2`.
  private func evaluate(_ z: Double, label: Int, _ gradient: (Int, Double) -> Void) -> (loss: Double, isRight: Bool) {
    let wanted = (1 - smoothing) * Double(label) + smoothing / 2
    gradient(0, 1 / (1 + exp(-z)) - wanted)
    return (max(z, 0) + log1p(exp(-abs(z))) - wanted * z, (z > 0) == (label == 1))
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
