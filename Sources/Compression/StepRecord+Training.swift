extension StepRecord {
  /// How a step trained the network.
  public struct Training: Hashable, Sendable, Codable {
    /// What became of an epoch.
    public struct Epoch: Hashable, Sendable, Codable {
      /// Which, from 1.
      public var epoch: Int
      /// The mean loss over what was trained on, as it was seen, and the share that was classified right, if labels are classes.
      public var loss: Double, accuracy: Double?
      /// The same of the validation images, if there were any.
      public var validationLoss: Double?, validationAccuracy: Double?

      private enum CodingKeys: String, CodingKey {
        case epoch, loss, accuracy, validationLoss = "validation_loss", validationAccuracy = "validation_accuracy"
      }

      /// Takes what was measured; what is no number is left out.
      public init(epoch: Int, loss: Double, accuracy: Double?, validationLoss: Double?, validationAccuracy: Double?) {
        func number(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        (self.epoch, self.loss, self.accuracy) = (epoch, loss, number(accuracy))
        (self.validationLoss, self.validationAccuracy) = (number(validationLoss), number(validationAccuracy))
      }
    }

    /// The learning rate before any factor, and the epochs.
    public var rate: Double, epochs: Int
    /// The last epoch and the best; nil where there was none.
    public var last: Epoch?, best: Epoch?
    /// What the best is the best by: validation accuracy, validation loss, or training loss where there was no validation.
    public var bestBy: String
    /// Which network was kept: that of the last epoch or of the best.
    public var kept: String

    private enum CodingKeys: String, CodingKey { case rate, epochs, last, best, bestBy = "best_by", kept }

    /// Takes what was done.
    public init(rate: Double, epochs: Int, last: Epoch?, best: Epoch?, bestBy: String, kept: String) {
      (self.rate, self.epochs, self.last, self.best, self.bestBy, self.kept) = (rate, epochs, last, best, bestBy, kept)
    }
  }
}
