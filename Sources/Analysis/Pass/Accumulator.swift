/// Which moment of a pass an accumulator observes, and what it is shown.
public enum Phase: String, Hashable, Sendable, CaseIterable {
  /// The activation, as soon as it is computed.
  case forward
  /// The activation and, as companion, the gradient of the image's own loss with respect to it.
  case gradient
  /// The activation and, as companion, the relevance that arrives there.
  case relevance
}

/// The lengths of the axes at a site.
public struct SiteShape: Hashable, Sendable {
  /// The number of channels.
  public var channels: Int
  /// The number of rows and columns of a feature map; both 1 for a linear layer.
  public var height: Int, width: Int
  /// The number of rows of the batch axis that an image has there, whose maps lie one below the other; 0 where rows are no
  /// image's.
  public var rows: Int

  /// Makes a shape.
  public init(channels: Int, height: Int, width: Int, rows: Int = 1) {
    self.rows = rows
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// The number of positions of a feature map.
  public var area: Int { height * width }
}

/// Something that is learned about every channel of a site from a pass over images.
///
/// Each shard of images gets a fresh accumulator: `observe` once a tile (images rising, in an image channels rising), then
/// `endShard`. Neighbouring ranges of shards are merged by a fixed tree, so the answer depends on neither the number of workers,
/// interruptions, nor the parts that a pass was cut into.
public protocol Accumulator: Sendable {
  /// Whether (a merged with b) merged with c gives the results of a merged with (b merged with c), to the last bit: true of
  /// counts, extremes and sets, false of sums of numbers that were rounded.
  ///
  /// Of those that say so one state is alive in a pass, of others one a height of the tree. By default false.
  static var mergesExactly: Bool { get }

  /// Takes in a tile.
  mutating func observe(_ tile: Tile, of images: ShardImages)

  /// Ends the shard: all tiles of its images have been seen.
  mutating func endShard(_ images: ShardImages)

  /// Takes in what another one, of the same site and settings, learned from the shards behind this one's.
  mutating func merge(_ later: Self)

  /// Appends the state, bit by bit.
  func encode(into state: inout StateEncoder)

  /// Takes over a state that one of the same site and settings encoded.
  ///
  /// - Throws: `EspalierError` if it is none.
  mutating func decode(from state: inout StateDecoder) throws
}

extension Accumulator {
  public static var mergesExactly: Bool { false }

  public mutating func endShard(_ images: ShardImages) {}

  /// Merges one whose type is known to be the same.
  mutating func mergeAny(_ later: any Accumulator) {
    guard let later = later as? Self else { preconditionFailure("\(Self.self) merged with \(type(of: later))") }
    merge(later)
  }
}
