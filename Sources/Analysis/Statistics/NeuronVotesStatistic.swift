import Tensors

/// Votes of pictures: a channel gets one of every picture in which its mean activation is among the top
/// ``StatisticSettings/topShare`` of its layer.
///
/// v_j = Σ_n 1[a_j(n) ≥ the 1 − q quantile of the layer's a(n)], with ⌈q · channels⌉ votes a picture, and more where channels are
/// level with the last of these.
///
/// Source: A. Alqahtani, X. Xie, E. Essa, M. W. Jones, "Neuron-based network pruning based on majority voting", ICPR 2020, of which
/// the abstract could be read: the rule is our reading. The paper prunes while it trains; a feature map votes by its mean, which is
/// ours too.
public struct NeuronVotesStatistic: Statistic {
  public static let name = "neuron-votes"
  public static let summary = "pictures in which the channel is among the most active of its layer"
  public static let phase = Phase.forward

  private let winners: Int
  private let share: Double
  private var votes: [Double]
  private var pictures = 0.0
  /// The means of the picture that is being seen.
  private var means: [Double]

  public init(_ site: SiteShape, _ settings: StatisticSettings) {
    share = settings.topShare
    winners = max(1, min(site.channels, Int((settings.topShare * Double(site.channels)).rounded(.up))))
    votes = [Double](repeating: 0, count: site.channels)
    means = votes
  }

  public mutating func observe(_ tile: Tile, of pictures: ShardPictures) {
    let sums = tile.summary.sum
    for lane in 0..<tile.lanes { means[tile.channel + lane] = sums[lane] / Double(max(tile.area, 1)) }
    guard tile.channel + tile.lanes == means.count else { return }
    // The last tile of a picture.
    let least = means.sorted(by: >)[winners - 1]
    for channel in means.indices where means[channel] >= least { votes[channel] += 1 }
    self.pictures += 1
  }

  public mutating func merge(_ later: NeuronVotesStatistic) {
    for channel in votes.indices { votes[channel] += later.votes[channel] }
    pictures += later.pictures
  }

  public func encode(into state: inout StateEncoder) {
    state.append(votes)
    state.append([pictures])
  }

  public mutating func decode(from state: inout StateDecoder) throws {
    votes = try state.array(of: Double.self, count: votes.count)
    pictures = try state.array(of: Double.self, count: 1)[0]
  }

  public var results: [StatisticResult] {
    let rule = "among the top \(share) of its layer by mean activation"
    return [
      StatisticResult("neuron-votes", "pictures in which the channel is \(rule)", Tensor(votes, shape: [votes.count])),
      StatisticResult(
        "neuron-vote-share", "share of pictures in which the channel is \(rule)",
        Tensor(votes.map { pictures > 0 ? $0 / pictures : .nan }, shape: [votes.count])),
    ]
  }
}
