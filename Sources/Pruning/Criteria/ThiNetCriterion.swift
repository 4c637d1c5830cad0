import Analysis
import Tensors

/// ThiNet: which channels can go while the layer that reads them still makes the same outputs.
///
/// At `positions` (10) positions an image, each with a filter drawn with it, a channel adds x̂_c = Σ_{u,v} W[n,c,u,v] x_c to ŷ =
/// Σ_c x̂_c. `greedy=removed` (ICCV) grows the set T that goes by the channel that keeps ‖Σ_T x̂‖² least; `greedy=kept` (TPAMI)
/// grows the set S that stays by the channel that fits the residual best, and fits all of S anew each time, which is orthogonal
/// matching pursuit. Both run on the Gram matrix X̂ᵀX̂ alone. A filter's score is its position in that order, as a share of its
/// group: with `--scope layer` the selection is the paper's, and `--reconstruct scales` its least squares.
///
/// Sources: J.-H. Luo, J. Wu, W. Lin, "ThiNet: a filter level pruning method for deep neural network compression", ICCV 2017,
/// algorithm 1; J.-H. Luo, H. Zhang, H.-Y. Zhou, C.-W. Xie, J. Wu, W. Lin, "ThiNet: pruning CNN filters for a thinner net", TPAMI
/// 2019. Ours: where several layers read a channel, their Gram matrices are added; the paper prunes and tunes layer by layer.
public struct ThiNetCriterion: DataCriterion {
  public static let name = "thinet"
  public static let summary =
    "rank in a greedy reconstruction of the next layer, greedy=removed|kept, positions=N, seed=N (Luo et al. 2017, 2019)"
  public static let isComparable = true

  private enum Greedy: String, CaseIterable { case removed, kept }
  private let greedy: Greedy
  private let positions: Int
  private let seed: UInt64

  public init(_ parameters: inout ParameterList) throws {
    greedy = try parameters.choice("greedy", default: .removed)
    positions = try parameters.integer("positions", default: 10, in: 1...100_000)
    seed = try parameters.seed()
  }

  public func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores {
    let samples = try ClassSamples(network, images, .contribution, positions: positions, seed: seed)
    var scores: [Int: Double] = [:]
    for group in network.groups.removable where samples.rows[group.id] != nil {
      let count = group.channels.count
      let gram = samples.gram(of: group)
      let order = greedy == .removed ? GreedySearch.removed(gram, count) : GreedySearch.kept(gram, count).reversed()
      for (position, channel) in order.enumerated() { scores[group.channels[channel].id] = Double(position + 1) / Double(count) }
    }
    return FilterScores(ofClasses: scores, in: network.groups)
  }
}

/// ThiNet's searches on a Gram matrix of contributions.
enum GreedySearch {
  /// The order in which channels go: each is the one with which the sum of all that are gone is least.
  static func removed(_ gram: [Double], _ count: Int) -> [Int] {
    var order: [Int] = []
    // Σ_{t ∈ T} G[t, c] for every c.
    var products = [Double](repeating: 0, count: count)
    var isLeft = [Bool](repeating: true, count: count)
    while order.count < count {
      var best: (channel: Int, growth: Double)?
      for c in 0..<count where isLeft[c] {
        let growth = 2 * products[c] + gram[c * count + c]
        if best.map({ growth < $0.growth }) ?? true { best = (c, growth) }
      }
      guard let channel = best?.channel else { break }
      order.append(channel)
      isLeft[channel] = false
      for c in 0..<count { products[c] += gram[channel * count + c] }
    }
    return order
  }

  /// The order in which channels are kept: each fits the residual of those before best, all of which are then fitted anew.
  static func kept(_ gram: [Double], _ count: Int) -> [Int] {
    // X̂ᵀŷ, with ŷ the sum of all channels.
    let target = (0..<count).map { i in (0..<count).reduce(0) { $0 + gram[i * count + $1] } }
    // Gram–Schmidt without the vectors: what is left of G and q when the span of the kept ones is taken out.
    var (rest, residual) = (gram, target)
    var isLeft = [Bool](repeating: true, count: count)
    var order: [Int] = []
    while order.count < count {
      var best: (channel: Int, gain: Double)?
      for c in 0..<count where isLeft[c] {
        let norm = gram[c * count + c]
        // The gain of a regression on the residual, ‖x̂‖ as it is; a channel that is 0 gains nothing.
        let gain = norm > 0 ? residual[c] * residual[c] / norm : 0
        if best.map({ gain > $0.gain }) ?? true { best = (c, gain) }
      }
      guard let k = best?.channel else { break }
      order.append(k)
      isLeft[k] = false
      let pivot = rest[k * count + k]
      guard pivot > 1e-12 * max(gram[k * count + k], .leastNormalMagnitude) else {
        // It lies in the span of those before.
        continue
      }
      let row = (0..<count).map { rest[k * count + $0] }
      let part = residual[k]
      for i in 0..<count {
        residual[i] -= row[i] / pivot * part
        for j in 0..<count { rest[i * count + j] -= row[i] * row[j] / pivot }
      }
    }
    return order
  }
}
