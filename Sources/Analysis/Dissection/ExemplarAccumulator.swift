import Datasets
import Tensors

/// The masks of chosen channels on chosen pictures: *bilinearly upsampled activation > threshold*, as ``DissectionAccumulator`` has
/// them, at a size of one's own.
///
/// It keeps one bit a pixel, channel and picture, for those that were chosen and no others.
public struct ExemplarAccumulator: Accumulator {
  /// What is kept.
  public struct Choice: Sendable {
    /// The activation above which a channel fires, one a channel.
    public var thresholds: [Float]
    /// The channels that are wanted of each picture, by its place in the data set.
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

  private struct Place: Hashable {
    var picture: Int
    var channel: Int
  }

  private let choice: Choice
  private var upsampler: ThresholdedUpsampler
  private var masks: [Place: BitMask] = [:]

  /// An empty accumulator.
  ///
  /// - Precondition: there is one threshold a channel.
  public init(_ site: SiteShape, _ choice: Choice) {
    precondition(choice.thresholds.count == site.channels, "\(choice.thresholds.count) thresholds for \(site.channels) channels")
    self.choice = choice
    upsampler = ThresholdedUpsampler(height: site.height, width: site.width)
    upsampler.prepare(height: choice.height, width: choice.width)
  }

  /// Where a channel fires on a picture; nil if that was not chosen or not seen.
  public func mask(of channel: Int, on picture: Int) -> BitMask? { masks[Place(picture: picture, channel: channel)] }

  public mutating func observe(_ tile: Tile, of pictures: ShardPictures) {
    let picture = pictures.indices[tile.row]
    guard let wanted = choice.channels[picture] else { return }
    var over = SIMD8<Float>(repeating: .infinity)
    for lane in 0..<tile.lanes where wanted.contains(tile.channel + lane) { over[lane] = choice.thresholds[tile.channel + lane] }
    var isPrepared = false
    for lane in 0..<tile.lanes where wanted.contains(tile.channel + lane) {
      var mask = BitMask(height: choice.height, width: choice.width)
      let threshold = choice.thresholds[tile.channel + lane]
      if tile.summary.maximum[lane] > threshold {
        if !isPrepared { upsampler.prepare(tile, over: over) }
        isPrepared = true
        upsampler.forEachWord(tile, lane: lane, over: threshold) { word, place in mask.words[place] |= word }
      }
      masks[Place(picture: picture, channel: tile.channel + lane)] = mask
    }
  }

  public mutating func merge(_ later: ExemplarAccumulator) { masks.merge(later.masks) { first, _ in first } }

  public func encode(into state: inout StateEncoder) {
    let places = masks.keys.sorted { ($0.picture, $0.channel) < ($1.picture, $1.channel) }
    state.append(places.map { Int64($0.picture) })
    state.append(places.map { Int64($0.channel) })
    for place in places { state.append(masks[place]!.words) }
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    let pictures = try state.array(of: Int64.self)
    let channels = try state.array(of: Int64.self, count: pictures.count)
    masks = [:]
    for (picture, channel) in zip(pictures, channels) {
      var mask = BitMask(height: choice.height, width: choice.width)
      mask.words = try state.array(of: UInt64.self, count: mask.words.count)
      masks[Place(picture: Int(picture), channel: Int(channel))] = mask
    }
  }
}
