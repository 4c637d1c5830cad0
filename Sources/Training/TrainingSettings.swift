import Datasets
import Tensors

/// What a training run is told, beside the network and the data.
public struct TrainingSettings: Sendable {
  /// Whose statistics a batch norm uses while training.
  public enum BatchNormalization: String, Sendable, Hashable, CaseIterable {
    /// Those of the whole batch, however it is cut.
    case wholeBatch = "whole-batch"
    /// Those of each shard by itself; running estimates take the mean over shards ("ghost batch norm": E. Hoffer, I. Hubara,
    /// D. Soudry, "Train longer, generalize better", NIPS 2017, whose running estimates follow shard by shard instead).
    case perShard = "per-shard"
  }

  /// The most epochs of a run.
  public static let mostEpochs = 1_000_000
  /// The most samples in a step.
  public static let largestBatch = 65536

  /// What labels are: with classes, of samples or positions, the loss is cross-entropy, with numbers the mean squared error.
  public var task = LearningTask.classification
  /// The number of times that all samples are seen.
  public var epochs: Int
  /// The number of samples in a step.
  public var batch: Int
  /// The most samples that a worker takes at a time; a batch is cut into such shards, the last of which may be smaller.
  public var shard: Int
  /// How parameters move.
  public var optimizer: any Optimizer
  /// How fast.
  public var schedule: LearningRateSchedule
  /// The weight decay of weights.
  public var weightDecay: Float
  /// Whether biases, batch norms, slopes and gates decay too.
  public var decaysAll: Bool
  /// The share of the target that is spread over all classes, 0 ..< 1.
  public var labelSmoothing: Double
  /// The greatest Euclidean norm of all gradients together, to which they are scaled down; nil for no limit.
  public var clip: Double?
  /// Whose statistics a batch norm uses.
  public var batchNormalization: BatchNormalization
  /// The seed of the run, recorded in its checkpoints; the data's order and augmentation are made from it.
  public var seed: UInt64

  /// Makes settings; shards are as equal as they can be with at most 32 samples each unless `shard` says otherwise.
  public init(
    epochs: Int, batch: Int = 128, shard: Int? = nil, optimizer: any Optimizer = SGD(nesterov: true),
    schedule: LearningRateSchedule = LearningRateSchedule(base: 0.1, shape: .cosine()), weightDecay: Float = 5e-4,
    decaysAll: Bool = false, labelSmoothing: Double = 0, clip: Double? = nil,
    batchNormalization: BatchNormalization = .wholeBatch, seed: UInt64 = 0
  ) {
    self.epochs = epochs
    self.batch = batch
    self.shard = shard.map { min($0, batch) } ?? TrainingSettings.shard(of: batch)
    self.optimizer = optimizer
    self.schedule = schedule
    self.weightDecay = weightDecay
    self.decaysAll = decaysAll
    self.labelSmoothing = labelSmoothing
    self.clip = clip
    self.batchNormalization = batchNormalization
    self.seed = seed
  }

  /// Everything that the result depends on, on one line; checkpoints of other settings are refused.
  public var description: String {
    """
    epochs \(epochs), batch \(batch) in shards of \(shard), \(optimizer.description), rate \(schedule), decay \(weightDecay)\
    \(decaysAll ? " of all" : ""), smoothing \(labelSmoothing)\
    \(clip.map { ", gradients clipped to \($0)" } ?? ""), batch norm \(batchNormalization.rawValue), seed \(seed)\
    \(task == .regression ? ", mean squared error" : "")
    """
  }

  /// Equal shards of a batch, of at most 32 samples.
  private static func shard(of batch: Int) -> Int {
    let shards = max((batch + 31) / 32, 1)
    return max((batch + shards - 1) / shards, 1)
  }

  /// The loss of the task.
  var loss: any Loss { task == .regression ? SquaredError() : SoftmaxCrossEntropy(smoothing: labelSmoothing) }

  /// The steps of an epoch over so many samples: a last one may be smaller, but of two samples at least.
  func steps(of samples: Int) -> Int { samples / batch + (samples % batch >= 2 ? 1 : 0) }

  /// - Throws: `EspalierError` naming the setting that makes no sense.
  func validate() throws {
    func check(_ valid: Bool, _ name: String, _ value: some Any, _ accepted: String) throws {
      if !valid { throw EspalierError("\(name) is \(value)", location: "training", accepted: accepted) }
    }
    try check(0...TrainingSettings.mostEpochs ~= epochs, "the number of epochs", epochs, "0 to \(TrainingSettings.mostEpochs)")
    try check(2...TrainingSettings.largestBatch ~= batch, "the batch", batch, "2 to \(TrainingSettings.largestBatch)")
    try check(1...batch ~= shard, "the shard", shard, "1 to \(batch)")
    try check(clip.map { $0 > 0 && !$0.isNaN } ?? true, "the greatest norm of gradients", clip ?? 0, "above 0")
    try check(schedule.base.isFinite && schedule.base >= 0, "the learning rate", schedule.base, "0 or more")
    try check(
      schedule.warmUp.isFinite && (0...Double(max(epochs, 1))).contains(schedule.warmUp), "the warm-up", schedule.warmUp,
      "0 to the number of epochs")
    try check(weightDecay.isFinite && weightDecay >= 0, "the weight decay", weightDecay, "0 or more")
    try check((0..<1).contains(labelSmoothing), "the label smoothing", labelSmoothing, "0 up to but not including 1")
  }
}
