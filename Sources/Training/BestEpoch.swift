import Tensors

/// The best epoch of a run so far, with the network's weights after it.
public struct BestEpoch: Sendable {
  /// What became of it.
  public let epoch: TrainingHistory.Epoch
  /// Effective weights and running statistics, by name.
  let values: [String: Tensor<Float>]
}

extension TrainingHistory.Epoch {
  /// Whether it is better than an earlier one: by validation accuracy, among equals or without accuracy by validation loss, without
  /// validation by the loss in training; the earlier of equals is the better.
  func isBetter(than other: TrainingHistory.Epoch) -> Bool {
    let accuracies = (validationAccuracy, other.validationAccuracy)
    if let accuracy = accuracies.0, let best = accuracies.1, accuracy != best { return accuracy > best }
    if let own = validationLoss, let least = other.validationLoss { return own < least }
    return accuracies.0 == nil && loss < other.loss
  }
}
