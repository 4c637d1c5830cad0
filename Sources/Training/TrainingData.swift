import Tensors

/// Some labelled samples.
public struct LabelledShard: Sendable {
  /// The samples, `[n, C, H, W]` for images.
  public var samples: Tensor<Float>
  /// What the network's inputs beside that of the samples take, by their names, `[n, …]` each.
  public var others: [String: Tensor<Float>]
  /// The classes that are right for each sample, at least one; training uses the first.
  ///
  /// Not observed where labels are of positions, or numbers.
  public var labels: [[Int]]
  /// The class of each of a sample's positions, below 0 for none, for outputs with positions.
  public var positions: [[Int32]]
  /// The numbers that are right for each sample, for regression.
  public var values: [[Float]]
  /// The samples' positions in the data set, for messages.
  public var indices: [Int]

  /// The number of samples.
  public var count: Int { indices.count }

  /// Makes a shard.
  public init(
    samples: Tensor<Float>, others: [String: Tensor<Float>] = [:], labels: [[Int]], positions: [[Int32]] = [],
    values: [[Float]] = [], indices: [Int]
  ) {
    self.positions = positions
    self.values = values
    self.samples = samples
    self.others = others
    self.labels = labels
    self.indices = indices
  }
}

/// Labelled samples to train on or to evaluate with: preprocessed, and augmented where that is wanted.
public protocol LabelledData: Sendable {
  /// The number of samples.
  var count: Int { get }

  /// The samples at some positions of an epoch's order. It depends on the positions and the epoch alone, and is called from any
  /// thread.
  ///
  /// - Parameter epoch: which of the orders, from 0.
  /// - Throws: `EspalierError` naming the sample that cannot be read.
  func shard(_ positions: Range<Int>, epoch: Int) throws -> LabelledShard
}
