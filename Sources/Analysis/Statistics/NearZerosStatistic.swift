import Tensors

/// The share of images and positions where |activation| is below ``StatisticSettings/epsilon``, 0 … 1: APoZ for activations
/// without exact zeros.
public struct NearZerosStatistic: Statistic {
  public static let name = "near-zeros"
  public static let summary = "share of activations of small magnitude"
  public static let phase = Phase.forward
  public static let mergesExactly = true
  public static let parameters = "epsilon=0.001"

  private var sums: ChannelSums
  private let epsilon: Float

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    settings.epsilon = try parameters.number("epsilon", default: settings.epsilon, in: 0 ... .greatestFiniteMagnitude)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    sums = ChannelSums(1, channels: site.channels)
    epsilon = Float(settings.epsilon)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    var count = SIMD8<Int32>()
    for position in 0..<tile.area {
      count &-= unsafeBitCast(magnitude(tile.values(position)) .< epsilon, to: SIMD8<Int32>.self)
    }
    sums.count(tile)
    sums.add(SIMD8<Double>(count), to: 0, tile)
  }

  public mutating func merge(_ later: NearZerosStatistic) { sums.add(later.sums) }

  public func encode(into state: inout StateEncoder) { sums.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try sums.decode(from: &state) }

  public var results: [StatisticResult] {
    [StatisticResult("near-zeros", "share of activations of magnitude below \(epsilon)", sums.meanOverPositions(0))]
  }
}
