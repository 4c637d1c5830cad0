import Tensors

/// Products of channels, E[aᵢ aⱼ], over positions drawn in each image, and their correlation.
///
/// ``StatisticSettings/positions`` different positions an image, or all of a smaller map, drawn from (seed, image). The sampled
/// rows are multiplied in runs of 128 in single precision, whose sums are kept in Double (``ChannelProducts``). Memory: some 4
/// bytes · channels² a site, as much for each height of the tree of a pass, and up to as much for each shard in work.
public struct GramStatistic: Statistic {
  public static let name = "gram"
  public static let summary = "products and correlation of channels"
  public static let phase = Phase.forward
  public static let parameters = "positions=10,seed=0"

  private let channels: Int
  private let area: Int
  private let positions: Int
  private let seed: UInt64
  private var image: Int?
  private var chosen: [Int] = []
  private var products: ChannelProducts

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    settings.positions = try parameters.integer("positions", default: settings.positions, in: 1...1 << 20)
    try settings.readSeed(&parameters)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    channels = site.channels
    area = site.area
    positions = min(max(settings.positions, 1), site.area)
    seed = settings.seed ^ Philox.stream(named: "gram positions")
    products = ChannelProducts(site.channels)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    choose(images.indices[tile.row])
    let group = tile.channel / 8
    for position in chosen { products.append(tile.values(position), group: group, lanes: tile.lanes) }
  }

  /// Different positions, each set of them equally likely (Floyd's sampling), rising.
  private mutating func choose(_ image: Int) {
    guard self.image != image else { return }
    self.image = image
    guard positions < area else {
      chosen = Array(0..<area)
      return
    }
    var random = Philox(seed: seed, stream: UInt64(bitPattern: Int64(image)))
    chosen = []
    for last in area - positions..<area {
      let position = Int(random.next().multipliedFullWidth(by: UInt64(last + 1)).high)
      chosen.append(chosen.contains(position) ? last : position)
    }
    chosen.sort()
  }

  public mutating func endShard(_ images: ShardImages) { products.foldIfMany() }

  public mutating func merge(_ later: GramStatistic) { products.merge(later.products) }

  public func encode(into state: inout StateEncoder) { products.encode(into: &state) }

  public mutating func decode(from state: inout StateDecoder) throws { try products.decode(from: &state) }

  /// The number of positions that were sampled, over all images.
  public var sampleCount: Int { products.count }

  public var results: [StatisticResult] {
    let count = Double(sampleCount)
    let products = self.products.matrix().elements.map { count > 0 ? $0 / count : .nan }
    let means = self.products.total().map { count > 0 ? $0 / count : .nan }
    let variances = (0..<channels).map { products[$0 * channels + $0] - means[$0] * means[$0] }
    // Below this a variance is what rounding left of a constant.
    let isVarying = (0..<channels).map { variances[$0] > 1e-6 * products[$0 * channels + $0] }
    var correlation = products
    for i in 0..<channels {
      for j in 0..<channels {
        let covariance = products[i * channels + j] - means[i] * means[j]
        correlation[i * channels + j] =
          isVarying[i] && isVarying[j]
          ? i == j ? 1 : min(max(covariance / (variances[i] * variances[j]).squareRoot(), -1), 1) : .nan
      }
    }
    let rate = positions < area ? "\(positions) positions an image" : "all positions"
    return [
      StatisticResult("gram", "mean product with every channel, \(rate)", Tensor(products, shape: [channels, channels])),
      StatisticResult("gram-mean", "mean activation, \(rate)", Tensor(means, shape: [channels])),
      StatisticResult(
        "correlation", "correlation with every channel, \(rate); NaN where one is constant",
        Tensor(correlation, shape: [channels, channels])),
    ]
  }
}
