import Tensors

/// The best epoch of a run so far, with the network's weights after it.
public struct BestEpoch: Sendable {
  /// What became of it.
  public let epoch: TrainingHistory.Epoch
  /// Effective weights and running statistics, by name.
  let values: [String: Tensor<Float>]
}

extension TrainingHistory.Epoch {
  /// Whether it is better than an earlier one: by validation accuracy, among equals by validation loss, without validation by the
  /// loss in training; the earlier of equals is the better.
  func isBetter(than other: TrainingHistory.Epoch) -> Bool {
    guard let accuracy = validationAccuracy, let best = other.validationAccuracy else { return loss < other.loss }
    if accuracy != best { return accuracy > best }
    guard let loss = validationLoss, let least = other.validationLoss else { return false }
    return loss < least
  }
}
