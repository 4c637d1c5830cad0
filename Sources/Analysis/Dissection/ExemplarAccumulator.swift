import Datasets
import Tensors

/// The masks of chosen channels on chosen images: *bilinearly upsampled activation > threshold*, as ``DissectionAccumulator`` has
/// them, at a size of one's own.
///
/// It keeps one bit a pixel, channel and image, for those that were chosen and no others.
public struct ExemplarAccumulator: Accumulator {
  public static let mergesExactly = true

  /// What is kept.
  public struct Choice: Sendable {
    /// The activation above which a channel fires, one a channel.
    public var thresholds: [Float]
    /// The channels that are wanted of each image, by its position in the data set.
    public var channels: [Int: Set<Int>]
    /// The number of rows and columns of the masks.
    public var height: Int, width: Int

    /// Makes a choice.
    public init(thresholds: [Float], channels: [Int: Set<Int>], height: Int, width: Int) {
      self.thresholds = thresholds
      self.channels = channels
      self.height = height
      self.width = width
    }
  }

  private struct Position: Hashable {
    var image: Int
    var channel: Int
  }

  private let choice: Choice
  private var upsampler: ThresholdedUpsampler
  private var masks: [Position: BitMask] = [:]

  /// An empty accumulator.
  ///
  /// - Precondition: there is one threshold a channel.
  public init(_ site: SiteShape, _ choice: Choice) {
    precondition(choice.thresholds.count == site.channels, "\(choice.thresholds.count) thresholds for \(site.channels) channels")
    self.choice = choice
    upsampler = ThresholdedUpsampler(height: site.height, width: site.width)
    upsampler.prepare(height: choice.height, width: choice.width)
  }

  /// Where a channel fires on an image; nil if that was not chosen or not seen.
  public func mask(of channel: Int, on image: Int) -> BitMask? { masks[Position(image: image, channel: channel)] }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let image = images.indices[tile.row]
    guard let wanted = choice.channels[image] else { return }
    var over = SIMD8<Float>(repeating: .infinity)
    for lane in 0..<tile.lanes where wanted.contains(tile.channel + lane) { over[lane] = choice.thresholds[tile.channel + lane] }
    var isPrepared = false
    for lane in 0..<tile.lanes where wanted.contains(tile.channel + lane) {
      var mask = BitMask(height: choice.height, width: choice.width)
      let threshold = choice.thresholds[tile.channel + lane]
      if tile.summary.maximum[lane] > threshold {
        if !isPrepared { upsampler.prepare(tile, over: over) }
        isPrepared = true
        upsampler.forEachWord(tile, lane: lane, over: threshold) { word, position in mask.words[position] |= word }
      }
      masks[Position(image: image, channel: tile.channel + lane)] = mask
    }
  }

  public mutating func merge(_ later: ExemplarAccumulator) { masks.merge(later.masks) { first, _ in first } }

  public func encode(into state: inout StateEncoder) {
    let positions = masks.keys.sorted { ($0.image, $0.channel) < ($1.image, $1.channel) }
    state.append(positions.map { Int64($0.image) })
    state.append(positions.map { Int64($0.channel) })
    for position in positions { state.append(masks[position]!.words) }
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    let images = try state.array(of: Int64.self)
    let channels = try state.array(of: Int64.self, count: images.count)
    masks = [:]
    for (image, channel) in zip(images, channels) {
      var mask = BitMask(height: choice.height, width: choice.width)
      mask.words = try state.array(of: UInt64.self, count: mask.words.count)
      masks[Position(image: Int(image), channel: Int(channel))] = mask
    }
  }
}
