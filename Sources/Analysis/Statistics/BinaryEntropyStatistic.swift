import Tensors

/// How even a channel is on and off: H(p) = −p log₂ p − (1 − p) log₂(1 − p), in bits, with p the share of activations above
/// ``StatisticSettings/binaryThreshold``.
///
/// Source: He, Fan, Qian, Tan, Yu, "Reshaping deep neural network for fast decoding by node-pruning", ICASSP 2014, for nodes of a
/// sigmoid with threshold 0.5; the threshold 0 for ReLU is the usual variant. A feature map has many positions: `binary-entropy`
/// takes p over images and positions, `binary-entropy-images` over images, by the mean of the map. For linear layers both are the
/// paper's.
public struct BinaryEntropyStatistic: Statistic {
  public static let name = "binary-entropy"
  public static let summary = "entropy of being on or off"
  public static let phase = Phase.forward
  public static let mergesExactly = true
  public static let parameters = "threshold=0"

  private var sums: ChannelSums
  private let threshold: Float

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    settings.binaryThreshold = try parameters.number("threshold", default: settings.binaryThreshold)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    sums = ChannelSums(2, channels: site.channels)
    threshold = Float(settings.binaryThreshold)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    sums.count(tile)
    var on = SIMD8<Int32>()
    for position in 0..<tile.area { on &-= unsafeBitCast(tile.values(position) .> threshold, to: SIMD8<Int32>.self) }
    sums.add(SIMD8<Double>(on), to: 0, tile)
    let means = tile.summary.sum / Double(max(tile.area, 1))
    sums.add(SIMD8(repeating: 0.0).replacing(with: 1, where: means .> Double(threshold)), to: 1, tile)
  }

  public mutating func merge(_ later: BinaryEntropyStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    func binary(_ share: Double) -> Double { share.isNaN ? .nan : entropy([share, 1 - share]) }
    return [
      StatisticResult("on-share", "share of activations above \(threshold)", sums.meanOverPositions(0)),
      StatisticResult(
        "binary-entropy", "entropy of an activation being above \(threshold), in bits", sums.meanOverPositions(0).map(binary)),
      StatisticResult(
        "binary-entropy-images", "entropy of an image's mean activation being above \(threshold), in bits",
        sums.meanOverImages(1).map(binary)),
    ]
  }
}
