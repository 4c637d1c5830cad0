import Foundation
import Tensors

/// The mean over samples of softmax cross-entropy and its gradient.
///
/// `−Σ q log p` with `p = softmax(logits)`, `q = (1 − smoothing) · onehot(target) + smoothing / K`, so the gradient of a
/// sample is `(p − q) / N`.
///
/// Source: C. Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7 (label smoothing).
///
/// - Parameters:
///   - logits: `[N, K]`.
///   - targets: one class in `0 ..< K` a sample.
///   - labelSmoothing: the share that is spread over all classes, 0 … 1.
/// - Returns: the loss, and its gradient of the logits' shape.
public func crossEntropy(
  logits: Tensor<Double>, targets: [Int], labelSmoothing: Double = 0
) -> (loss: Double, gradient: Tensor<Double>) {
  let (samples, classes) = (logits.shape[0], logits.shape[1])
  precondition(targets.count == samples, "\(targets.count) targets for logits \(logits.shape)")
  var loss = 0.0
  var gradient = Tensor<Double>(repeating: 0, shape: logits.shape)
  for (sample, target) in targets.enumerated() {
    let logarithms = logarithmsOfShares(Array(logits.elements[sample * classes..<(sample + 1) * classes]))
    for (k, logarithm) in logarithms.enumerated() {
      let wanted = (k == target ? 1 - labelSmoothing : 0) + labelSmoothing / Double(classes)
      loss -= wanted * logarithm / Double(samples)
      gradient[sample, k] = (exp(logarithm) - wanted) / Double(samples)
    }
  }
  return (loss, gradient)
}
