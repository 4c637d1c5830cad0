import Networks
import Training

/// Epochs in proportion to what the chain has saved, so that training takes as much computing as it would have before.
///
/// Epochs are multiplied by the MACs of the network that the chain begins from over those of the network now, rounded; the moments at
/// which the rate falls, and the warm-up, keep their share of all epochs.
///
/// Source: Z. Liu et al., "Rethinking the value of network pruning", ICLR 2019, section 3 ("Scratch-B"), who stop at twice the
/// epochs on ImageNet.
public struct EpochScaling: Hashable, Sendable {
  /// What is held against each other.
  public enum Measure: String, Sendable, CaseIterable {
    /// Nothing: epochs are those that are asked for.
    case none
    /// Multiply-accumulate operations for one image.
    case macs
  }

  /// What is held against each other.
  public var measure: Measure
  /// The most epochs; nil for no limit.
  public var most: Int?

  /// Makes a rule.
  public init(_ measure: Measure = .none, most: Int? = nil) { (self.measure, self.most) = (measure, most) }

  /// The settings for a network that has become another.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  func scaled(_ settings: TrainingSettings, from origin: Graph, to now: Graph) throws -> TrainingSettings {
    guard measure == .macs, settings.epochs > 0 else { return settings }
    let ratio = Double(try origin.summary().macs) / Double(max(try now.summary().macs, 1))
    let most = min(most ?? .max, TrainingSettings.mostEpochs)
    var scaled = settings
    scaled.epochs = max(1, Int(min(Double(most), (Double(settings.epochs) * ratio).rounded())))
    scaled.schedule = settings.schedule.stretched(by: Double(scaled.epochs) / Double(settings.epochs))
    scaled.schedule.warmUp = min(scaled.schedule.warmUp, Double(scaled.epochs))
    return scaled
  }
}

extension LearningRateSchedule {
  /// The schedule of a run that takes so many times the epochs.
  fileprivate func stretched(by factor: Double) -> LearningRateSchedule {
    func stretched(_ epochs: Int) -> Int { max(1, Int((Double(epochs) * factor).rounded())) }
    var copy = self
    copy.warmUp *= factor
    switch shape {
    case .constant, .cosine: break
    case .step(let epochs, let factor): copy.shape = .step(epochs: stretched(epochs), factor: factor)
    case .multiStep(let milestones, let factor): copy.shape = .multiStep(milestones: milestones.map(stretched), factor: factor)
    }
    return copy
  }
}
