import Compression
import Training

extension StepRecord.Training {
  /// What a run of training came to.
  init(_ settings: TrainingSettings, last: TrainingHistory.Epoch?, best: TrainingHistory.Epoch?, kept: TrainingRun.Kept) {
    let bestBy =
      switch (best?.validationAccuracy, best?.validationLoss) {
      case (_?, _): "validation accuracy"
      case (nil, _?): "validation loss"
      case (nil, nil): "training loss"
      }
    self.init(
      rate: settings.schedule.base, epochs: settings.epochs, last: last.map { Epoch($0) }, best: best.map { Epoch($0) },
      bestBy: bestBy, kept: kept.rawValue)
  }
}

extension StepRecord.Training.Epoch {
  init(_ epoch: TrainingHistory.Epoch) {
    self.init(
      epoch: epoch.epoch, loss: epoch.loss, accuracy: epoch.accuracy, validationLoss: epoch.validationLoss,
      validationAccuracy: epoch.validationAccuracy)
  }
}
