import Analysis
import Scheduling
import Tensors

/// The images that a criterion observes.
public struct CriterionImages: Sendable {
  /// The number of images.
  public var count: Int
  /// The images of a shard; the last one may hold fewer.
  public var batch: Int
  /// The output that losses start from; the first if nil.
  public var output: String?
  /// The workers.
  public var scheduler: BlockScheduler
  /// Reads a shard, on a worker's thread.
  public var read: @Sendable (Int) throws -> AnalysisShard
  /// The scores by a criterion of `ScoreCatalog`.
  public var catalogued: @Sendable (String) throws -> FilterScores

  /// Takes images.
  public init(
    count: Int, batch: Int, output: String? = nil, scheduler: BlockScheduler,
    read: @escaping @Sendable (Int) throws -> AnalysisShard,
    catalogued: @escaping @Sendable (String) throws -> FilterScores = { throw EspalierError("there are no scores by '\($0)'") }
  ) {
    self.count = count
    self.batch = batch
    self.output = output
    self.scheduler = scheduler
    self.read = read
    self.catalogued = catalogued
  }

  /// Takes images that are in memory.
  ///
  /// - Parameters:
  ///   - images: `[N, …]`.
  ///   - targets: one class an image; nil for the predicted one.
  public init(_ images: Tensor<Float>, targets: [Int?], batch: Int = 8, scheduler: BlockScheduler) {
    self.init(count: images.shape[0], batch: batch, scheduler: scheduler) { shard in
      let range = shard * batch..<min((shard + 1) * batch, images.shape[0])
      return AnalysisShard(
        input: images.rows(range), images: ShardImages(indices: Array(range), labels: []),
        targets: targets[range].map { OutputTarget($0) })
    }
  }

  /// The number of shards.
  var shards: Int { (count + batch - 1) / batch }
}
