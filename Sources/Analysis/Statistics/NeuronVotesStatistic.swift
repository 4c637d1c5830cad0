import Tensors

/// Votes of images: a channel gets one of every image in which its mean activation is among the top
/// ``StatisticSettings/topShare`` of its layer.
///
/// v_j = Σ_n 1[a_j(n) ≥ the 1 − q quantile of the layer's a(n)], with ⌈q · channels⌉ votes an image, and more where channels are
/// level with the last of these.
///
/// Source: A. Alqahtani, X. Xie, E. Essa, M. W. Jones, "Neuron-based network pruning based on majority voting", ICPR 2020, of
/// which the abstract could be read: the rule is our reading. The paper prunes while it trains; a feature map votes by its mean,
/// which is ours too.
public struct NeuronVotesStatistic: Statistic {
  public static let name = "neuron-votes"
  public static let summary = "images in which the channel is among the most active of its layer"
  public static let phase = Phase.forward
  public static let mergesExactly = true

  private let winners: Int
  private let share: Double
  private var votes: [Double]
  private var images = 0.0
  /// The means of the image that is being seen.
  private var means: [Double]

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    share = settings.topShare
    winners = max(1, min(site.channels, Int((settings.topShare * Double(site.channels)).rounded(.up))))
    votes = [Double](repeating: 0, count: site.channels)
    means = votes
  }

  public mutating func observe(_ tile: Tile, of images: ShardImages) {
    let sums = tile.summary.sum
    for lane in 0..<tile.lanes { means[tile.channel + lane] = sums[lane] / Double(max(tile.area, 1)) }
    guard tile.channel + tile.lanes == means.count else { return }
    // The last tile of an image.
    let least = means.sorted(by: >)[winners - 1]
    for channel in means.indices where means[channel] >= least { votes[channel] += 1 }
    self.images += 1
  }

  public mutating func merge(_ later: NeuronVotesStatistic) {
    for channel in votes.indices { votes[channel] += later.votes[channel] }
    images += later.images
  }

  public func encode(into state: inout StateEncoder) {
    state.append(votes)
    state.append([images])
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    votes = try state.array(of: Double.self, count: votes.count)
    images = try state.array(of: Double.self, count: 1)[0]
  }

  public var results: [StatisticResult] {
    let rule = "among the top \(share) of its layer by mean activation"
    return [
      StatisticResult("neuron-votes", "images in which the channel is \(rule)", Tensor(votes, shape: [votes.count])),
      StatisticResult(
        "neuron-vote-share", "share of images in which the channel is \(rule)",
        Tensor(votes.map { images > 0 ? $0 / images : .nan }, shape: [votes.count])),
    ]
  }
}
