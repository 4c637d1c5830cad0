import Tensors

/// Products of channels, E[aᵢ aⱼ], over places drawn in each picture, and their correlation.
///
/// ``StatisticSettings/positions`` different places a picture, or all of a smaller map, drawn from (seed, picture). The sampled rows
/// wait until they outnumber the channels and are then folded in at once, in runs of 128 in single precision whose sums are kept in
/// Double. Memory: at most some 16 bytes · channels² a site.
public struct GramStatistic: Statistic {
  public static let name = "gram"
  public static let summary = "products and correlation of channels"
  public static let phase = Phase.forward

  private let channels: Int
  private let groups: Int
  private let area: Int
  private let positions: Int
  private let seed: UInt64
  private var picture: Int?
  private var places: [Int] = []
  /// The rows not yet folded in, by groups of eight channels.
  private var rows: [[SIMD8<Float>]]
  private var matrix: SymmetricBlocks
  private var sums: [SIMD8<Double>]
  private var folded = 0

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    channels = site.channels
    groups = (site.channels + 7) / 8
    area = site.area
    positions = min(max(settings.positions, 1), site.area)
    seed = settings.seed ^ Philox.stream(named: "gram positions")
    rows = Array(repeating: [], count: groups)
    matrix = SymmetricBlocks(groups)
    sums = Array(repeating: SIMD8(repeating: 0), count: groups)
  }

  public mutating func observe(_ tile: Tile, of pictures: ShardPictures) {
    choose(pictures.indices[tile.row])
    let group = tile.channel / 8
    let isReal = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .< Int32(truncatingIfNeeded: tile.lanes)
    for place in places { rows[group].append(SIMD8(repeating: 0).replacing(with: tile.values(place), where: isReal)) }
  }

  /// Different places, each set of them equally likely (Floyd's sampling), rising.
  private mutating func choose(_ picture: Int) {
    guard self.picture != picture else { return }
    self.picture = picture
    guard positions < area else {
      places = Array(0..<area)
      return
    }
    var random = Philox(seed: seed, stream: UInt64(bitPattern: Int64(picture)))
    places = []
    for last in area - positions..<area {
      let place = Int(random.next().multipliedFullWidth(by: UInt64(last + 1)).high)
      places.append(places.contains(place) ? last : place)
    }
    places.sort()
  }

  public mutating func endShard(_ pictures: ShardPictures) { foldIfMany() }

  public mutating func merge(_ later: GramStatistic) {
    matrix.add(later.matrix)
    for group in 0..<groups {
      sums[group] += later.sums[group]
      rows[group] += later.rows[group]
    }
    folded += later.folded
    foldIfMany()
  }

  private mutating func foldIfMany() { if (rows.first?.count ?? 0) > channels { fold() } }

  private mutating func fold() {
    matrix.addProducts(of: rows)
    for group in 0..<groups { sums[group] += rows[group].reduce(into: SIMD8<Double>()) { $0 += SIMD8<Double>($1) } }
    folded += rows.first?.count ?? 0
    rows = Array(repeating: [], count: groups)
  }

  public func encode(into state: inout StateEncoder) {
    state.append(folded)
    matrix.encode(into: &state)
    state.append(sums)
    for group in rows { state.append(group) }
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    let damage = EspalierError("the saved state of a Gram matrix is damaged", accepted: "a state of the same pass")
    folded = try state.integer()
    guard 0...(1 << 52) ~= folded else { throw damage }
    try matrix.decode(from: &state)
    sums = try state.array(of: SIMD8<Double>.self, count: groups)
    for group in 0..<groups { rows[group] = try state.array(of: SIMD8<Float>.self, count: group == 0 ? nil : rows[0].count) }
    guard matrix.isEmpty == (folded == 0) || groups == 0 else { throw damage }
  }

  /// The number of places that were sampled, over all pictures.
  public var sampleCount: Int { folded + (rows.first?.count ?? 0) }

  public var results: [StatisticResult] {
    var whole = self
    whole.fold()
    let count = Double(sampleCount)
    let products = (0..<channels).flatMap { i in (0..<channels).map { count > 0 ? whole.matrix[i, $0] / count : .nan } }
    let means = (0..<channels).map { count > 0 ? whole.sums[$0 / 8][$0 % 8] / count : .nan }
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
    let rate = positions < area ? "\(positions) places a picture" : "all places"
    return [
      StatisticResult("gram", "mean product with every channel, \(rate)", Tensor(products, shape: [channels, channels])),
      StatisticResult("gram-mean", "mean activation, \(rate)", Tensor(means, shape: [channels])),
      StatisticResult(
        "correlation", "correlation with every channel, \(rate); NaN where one is constant",
        Tensor(correlation, shape: [channels, channels])),
    ]
  }
}
