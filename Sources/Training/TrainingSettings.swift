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

  /// The number of times that all samples are seen.
  public var epochs: Int
  /// The number of samples in a step.
  public var batch: Int
  /// The number of samples that a worker takes at a time; a batch is cut into such shards.
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
  /// Whose statistics a batch norm uses.
  public var batchNormalization: BatchNormalization
  /// The seed of the run, recorded in its checkpoints; the data's order and augmentation are made from it.
  public var seed: UInt64

  /// Makes settings.
  public init(
    epochs: Int, batch: Int = 128, shard: Int = 32, optimizer: any Optimizer = SGD(nesterov: true),
    schedule: LearningRateSchedule = LearningRateSchedule(base: 0.1, shape: .cosine()), weightDecay: Float = 5e-4,
    decaysAll: Bool = false, labelSmoothing: Double = 0, batchNormalization: BatchNormalization = .wholeBatch, seed: UInt64 = 0
  ) {
    self.epochs = epochs
    self.batch = batch
    self.shard = min(shard, batch)
    self.optimizer = optimizer
    self.schedule = schedule
    self.weightDecay = weightDecay
    self.decaysAll = decaysAll
    self.labelSmoothing = labelSmoothing
    self.batchNormalization = batchNormalization
    self.seed = seed
  }

  /// Everything that the result depends on, on one line; checkpoints of other settings are refused.
  public var description: String {
    """
    epochs \(epochs), batch \(batch) in shards of \(shard), \(optimizer.description), rate \(schedule), decay \(weightDecay)\
    \(decaysAll ? " of all" : ""), smoothing \(labelSmoothing), batch norm \(batchNormalization.rawValue), seed \(seed)
    """
  }

  /// - Throws: `EspalierError` naming the setting that makes no sense.
  func validate() throws {
    func check(_ valid: Bool, _ name: String, _ value: some Any, _ accepted: String) throws {
      if !valid { throw EspalierError("\(name) is \(value)", place: "training", accepted: accepted) }
    }
    try check(epochs >= 0, "the number of epochs", epochs, "0 or more")
    try check(batch >= 2, "the batch", batch, "2 or more")
    try check(shard >= 1, "the shard", shard, "1 or more")
    try check(schedule.base.isFinite && schedule.base >= 0, "the learning rate", schedule.base, "0 or more")
    try check(
      schedule.warmUp.isFinite && (0...Double(max(epochs, 1))).contains(schedule.warmUp), "the warm-up", schedule.warmUp,
      "0 to the number of epochs")
    try check(weightDecay.isFinite && weightDecay >= 0, "the weight decay", weightDecay, "0 or more")
    try check((0..<1).contains(labelSmoothing), "the label smoothing", labelSmoothing, "0 up to but not including 1")
  }
}
