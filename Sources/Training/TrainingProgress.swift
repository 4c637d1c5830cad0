/// How far a training run has come; reported at the start and after every step.
public struct TrainingProgress: Sendable {
  /// The epoch under way, from 1, and how many there are.
  public var epoch: Int
  public var epochs: Int
  /// The steps of this epoch that are done, and how many there are.
  public var step: Int
  public var steps: Int
  /// The learning rate of the last step.
  public var rate: Double
  /// The mean loss of the epoch so far.
  public var loss: Double
  /// The share of labels of the epoch so far that had the greatest logit; nil where labels are numbers.
  public var accuracy: Double?
  /// Samples per second since the run was started or resumed.
  public var imagesPerSecond: Double
  /// The time that the rest of the run takes at the present rate; nil before the first step.
  public var timeLeft: Duration?
}

/// A training run that was asked to stop.
///
/// Everything was saved if it has a checkpoint.
public struct TrainingInterrupted: Error, CustomStringConvertible {
  /// The epoch that was under way, from 1.
  public let epoch: Int
  /// The steps of it that are done.
  public let step: Int
  /// The checkpoint from which the same command goes on; nil if none was asked for.
  public let checkpoint: String?

  public var description: String {
    let end = checkpoint.map { "saved in \($0); the same command goes on from there" } ?? "nothing was saved"
    return "stopped in epoch \(epoch) after \(step) steps: \(end)"
  }
}
