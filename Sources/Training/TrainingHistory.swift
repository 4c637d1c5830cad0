import Files
import Foundation
import Tensors

/// What became of every epoch.
public struct TrainingHistory: Sendable, Equatable {
  /// One epoch.
  public struct Epoch: Sendable, Equatable {
    /// The epoch, from 1.
    public var epoch: Int
    /// The learning rate of its last step.
    public var rate: Double
    /// The mean loss over the training samples, or their positions or numbers, as they were seen, without the terms over weights.
    public var loss: Double
    /// The share of them, or of their labelled positions, that were classified right; nil where labels are numbers.
    public var accuracy: Double?
    /// The mean loss over the validation samples, if there are any.
    public var validationLoss: Double?
    /// The share of them that are classified right.
    public var validationAccuracy: Double?
    /// Training samples per second.
    public var imagesPerSecond: Double
    /// The time that its steps took, in seconds.
    public var seconds: Double
  }

  /// The epochs so far.
  public var epochs: [Epoch] = []

  /// The table as CSV, with a line of headings.
  public var csv: String {
    let lines = epochs.map { epoch in
      ([epoch.epoch.description] + [epoch.rate, epoch.loss].map(\.description)
        + [epoch.accuracy, epoch.validationLoss, epoch.validationAccuracy].map { $0?.description ?? "" }
        + [epoch.imagesPerSecond, epoch.seconds].map { String(format: "%.1f", $0) }).joined(separator: ",")
    }
    let heading = "epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy,images_per_second,seconds"
    return ([heading] + lines).map { $0 + "\n" }.joined()
  }

  /// Writes the table beside its destination and renames it when whole.
  ///
  /// - Throws: `EspalierError` naming the file.
  public func write(to file: URL) throws {
    try AtomicFile.write(Data(csv.utf8), to: file.path)
  }
}
