import Datasets

/// What is known of a shard's images.
public struct ShardImages: Sendable {
  /// Their positions in the data set, or in the subset that is passed over.
  public var indices: [Int]
  /// The labels that are right; empty where unknown.
  public var labels: [[Int]]
  /// Their concept masks; empty where none are asked for.
  public var concepts: [ConceptMasks]

  /// Describes a shard.
  public init(indices: [Int], labels: [[Int]], concepts: [ConceptMasks] = []) {
    self.indices = indices
    self.labels = labels
    self.concepts = concepts
  }

  /// The number of images.
  public var count: Int { indices.count }
}

/// The feature maps of up to eight neighbouring channels of one image, where they lie: what accumulators see.
///
/// Channel `channel + l` is lane l. Pointers are valid during the call. In a tile of fewer channels than eight the other lanes
/// hold numbers that mean nothing.
public struct Tile {
  /// The image's row in its shard.
  public let row: Int
  /// The first channel.
  public let channel: Int
  /// The number of channels, 1 to 8.
  public let lanes: Int
  /// The lengths of a feature map; both 1 for the output of a linear layer.
  public let height: Int, width: Int
  /// The activations; position p of lane l is `activation[p · stride + l]`.
  public let activation: UnsafePointer<Float>
  /// The gradient of the image's own loss, or the relevance, at the same positions; nil in the forward pass.
  public let companion: UnsafePointer<Float>?
  /// The number of floats from one position to the next.
  public let stride: Int
  /// Sums and extremes of the activations.
  public let summary: TileSummary
  /// Sums of the companion; nil in the forward pass.
  public let companionSummary: CompanionSummary?

  /// Describes feature maps in memory, and sums them up.
  ///
  /// - Precondition: eight floats can be read at every position.
  public init(
    row: Int, channel: Int, lanes: Int, height: Int, width: Int, activation: UnsafePointer<Float>,
    companion: UnsafePointer<Float>? = nil, stride: Int
  ) {
    self.init(
      row: row, channel: channel, lanes: lanes, height: height, width: width, activation: activation, companion: companion,
      stride: stride, summary: TileSummary(activation, positions: height * width, stride: stride),
      companionSummary: companion.map { CompanionSummary(activation, $0, positions: height * width, stride: stride) })
  }

  init(
    row: Int, channel: Int, lanes: Int, height: Int, width: Int, activation: UnsafePointer<Float>,
    companion: UnsafePointer<Float>?, stride: Int, summary: TileSummary, companionSummary: CompanionSummary?
  ) {
    self.row = row
    self.channel = channel
    self.lanes = lanes
    self.height = height
    self.width = width
    self.activation = activation
    self.companion = companion
    self.stride = stride
    self.summary = summary
    self.companionSummary = companionSummary
  }

  /// The number of positions of a feature map.
  public var area: Int { height * width }

  /// The activations of all lanes at a position.
  @inline(__always)
  public func values(_ position: Int) -> SIMD8<Float> {
    UnsafeRawPointer(activation + position * stride).loadUnaligned(as: SIMD8<Float>.self)
  }

  /// The companion of all lanes at a position.
  @inline(__always)
  public func companions(_ position: Int) -> SIMD8<Float> {
    UnsafeRawPointer(companion! + position * stride).loadUnaligned(as: SIMD8<Float>.self)
  }

  /// The first number that is NaN or infinite, if there is one; sums tell cheaply that there is none.
  var fault: (lane: Int, isCompanion: Bool, value: Float)? {
    for lane in 0..<lanes where !summary.sum[lane].isFinite {
      for position in 0..<area where !activation[position * stride + lane].isFinite {
        return (lane, false, activation[position * stride + lane])
      }
    }
    guard let companion, let companionSummary else { return nil }
    for lane in 0..<lanes where !companionSummary.sum[lane].isFinite {
      for position in 0..<area where !companion[position * stride + lane].isFinite {
        return (lane, true, companion[position * stride + lane])
      }
    }
    return nil
  }
}
