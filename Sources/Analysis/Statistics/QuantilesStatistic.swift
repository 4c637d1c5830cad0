import Tensors

/// Quantiles of a channel's activations over images and positions, by a sketch of a thinned sample.
///
/// One in ``StatisticSettings/thinning`` positions enters, drawn anew for each image (``PositionSample``); a feature map of fewer
/// positions gives one an image. The sketch is that of Karnin, Lang and Liberty (``LaneSketch``); ``rankError(failure:)`` bounds
/// what it adds to the sampling. The quantile of share q is the least sampled value that at least q of the sample do not exceed.
/// Shares 0 and 1 are the extremes of all activations, exactly. Memory: some 3 · resolution · 4 bytes a channel, as much for
/// each height of the tree of a pass.
public struct QuantilesStatistic: Statistic {
  public static let name = "quantiles"
  public static let summary = "quantiles, by a sketch"
  public static let phase = Phase.forward
  public static let parameters = "at=0.005/0.25/0.5/0.75/0.995,resolution=1024,thinning=16,seed=0"

  private let channels: Int
  private let shares: [Double]
  private var sample: PositionSample
  private var sketches: [LaneSketch]
  private var range: RangeStatistic

  public static func read(_ parameters: inout ParameterList, into settings: inout StatisticSettings) throws {
    if let text = parameters.text("at") {
      settings.quantiles = try text.split(separator: "/", omittingEmptySubsequences: false).map { part in
        guard let share = Double(part), 0...1 ~= share else {
          throw EspalierError("at is \(text)", accepted: "shares from 0 to 1 with / between them")
        }
        return share
      }
    }
    settings.resolution = try parameters.integer("resolution", default: settings.resolution, in: 32...65536)
    try settings.readThinning(&parameters)
    try settings.readSeed(&parameters)
  }

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    channels = site.channels
    shares = settings.quantiles
    sample = PositionSample(area: site.area, thinning: settings.thinning, seed: settings.seed)
    sketches = stride(from: 0, to: site.channels, by: 8).map {
      LaneSketch(resolution: settings.resolution, seed: settings.seed, channel: $0)
    }
    range = RangeStatistic(site, settings)
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let image = images.indices[tile.row]
    sample.choose(image)
    sketches[tile.channel / 8].add(tile, at: sample.positions, image: image)
    range.observe(tile, of: images)
  }

  public mutating func merge(_ later: QuantilesStatistic) {
    for position in sketches.indices { sketches[position].merge(later.sketches[position]) }
    range.merge(later.range)
  }

  public func encode(into state: inout StateEncoder) {
    for sketch in sketches { sketch.encode(into: &state) }
    range.encode(into: &state)
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    for position in sketches.indices { try sketches[position].decode(from: &state) }
    try range.decode(from: &state)
    guard Set(sketches.map(\.count)).count <= 1 else {
      throw EspalierError("the saved state of a quantile sketch is damaged", accepted: "a state of the same pass")
    }
  }

  /// The number of values that a channel's sketch has taken in.
  public var sampleCount: Int { sketches.first?.count ?? 0 }

  /// How far the rank of a quantile may lie off in the sample, as a share of it, but for a probability `failure`.
  ///
  /// It holds for each quantile of each channel on its own, and is known from the sketch itself; NaN before anything was seen.
  public func rankError(failure: Double = 0.01) -> Double { sketches.first?.rankError(failure: failure) ?? .nan }

  /// Quantiles of every channel, `[channels, shares]`; NaN where nothing was seen.
  ///
  /// - Parameter shares: 0 … 1; 0.995 is what one activation in 200 exceeds.
  public func quantiles(_ shares: [Double]) -> Tensor<Double> {
    let extremes = range.results.map(\.values.elements)
    var values: [Double] = []
    for channel in 0..<channels {
      let read = sketches[channel / 8].quantiles(shares, lane: channel % 8)
      for (share, value) in zip(shares, read) {
        values.append(share <= 0 ? extremes[0][channel] : share >= 1 ? extremes[1][channel] : Double(value))
      }
    }
    return Tensor(values, shape: [channels, shares.count])
  }

  public var results: [StatisticResult] {
    let rate = sample.stride == 1 ? "all positions" : "one in \(sample.stride) positions"
    let error = rankError()
    return [
      StatisticResult(
        "quantiles",
        "quantiles \(shares.map { "\($0)" }.joined(separator: ", ")) of \(rate); rank error of the sketch at most "
          + "\((error * 1e5).rounded(.up) / 1e5) with probability 0.99", quantiles(shares))
    ]
  }
}
