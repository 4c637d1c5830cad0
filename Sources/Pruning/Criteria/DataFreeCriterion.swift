import Analysis
import Networks
import Tensors

/// How little is lost when a filter hands its outgoing weights to its most similar sibling, without any data.
///
/// For i and j of one layer the saliency is s_ij = ⟨a_j²⟩ ‖w_i − w_j‖², with w the incoming weights and the bias, ⟨a_j²⟩ the mean
/// square of j's outgoing weights. The j of the least s_ij goes, a_i ← a_i + a_j, and so on; a filter's score is the greatest
/// saliency up to the step in which it goes, so that the order is that of the steps.
///
/// Source: S. Srinivas, R. V. Babu, "Data-free parameter pruning for deep neural networks", BMVC 2015, equations 7 and 8, for
/// linear layers; the formula is from memory of the paper. Ours: batch norms are folded in first; a convolution's filter is a
/// node whose outgoing weights are the slices that read it; coupled filters go together, their incoming weights side by side. The
/// surgery, which ``fusion(of:_:_:)`` gives, is exact for equal filters under any activation, and approximate as far as they
/// differ.
public struct DataFreeCriterion: WeightCriterion, FusingCriterion {
  public static let name = "data-free"
  public static let summary = "similarity with a sibling that takes over, fuse=yes|no (Srinivas and Babu 2015)"

  private let fuse: Fuse

  public init(_ parameters: inout ParameterList) throws { fuse = try parameters.choice("fuse", default: .yes) }

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    var scores: [Int: Double] = [:]
    for group in network.groups.removable {
      var most = 0.0
      for step in steps(group, network) {
        most = max(most, step.saliency)
        scores[group.channels[step.removed].id] = most
      }
      // The one that is left over goes last.
      for channel in group.channels where scores[channel.id] == nil { scores[channel.id] = max(most, .leastNonzeroMagnitude) * 2 }
    }
    return FilterScores(ofClasses: scores, in: network.groups)
  }

  public func fusion(of removed: Set<Int>, _ network: ScoredNetwork, _ images: CriterionImages?) -> ChannelFusion {
    var fusion = ChannelFusion()
    guard fuse == .yes else { return fusion }
    for group in network.groups.removable where group.channels.contains(where: { removed.contains($0.id) }) {
      let heirs = Dictionary(
        uniqueKeysWithValues: steps(group, network).map { (group.channels[$0.removed].id, group.channels[$0.heir].id) })
      for channel in group.channels where removed.contains(channel.id) {
        var heir = heirs[channel.id]
        while let next = heir, removed.contains(next) { heir = heirs[next] }
        if let heir { fusion.shares[channel.id] = [(heir, 1)] }
      }
    }
    return fusion
  }

  /// The filters of a group in the order in which they go, with who takes over.
  private func steps(_ group: ChannelGroup, _ network: ScoredNetwork) -> [(removed: Int, heir: Int, saliency: Double)] {
    let count = group.channels.count
    let incoming = network.filters(of: group)
    let readers = network.readers(of: group)
    guard count > 1, !readers.isEmpty else { return [] }
    var outgoing = (0..<count).map { position in
      readers.flatMap { reader in reader.positions[position].flatMap { reader.weights(at: $0) } }
    }
    func meanSquare(_ weights: [Double]) -> Double { weights.reduce(0) { $0 + $1 * $1 } / Double(max(weights.count, 1)) }
    var distances = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0..<i {
        let square = zip(incoming[i], incoming[j]).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        distances[i * count + j] = square
        distances[j * count + i] = square
      }
    }
    var isAlive = [Bool](repeating: true, count: count)
    func nearest(_ j: Int) -> Int? {
      var best: Int?
      for i in 0..<count where i != j && isAlive[i] {
        if best.map({ distances[j * count + i] < distances[j * count + $0] }) ?? true { best = i }
      }
      return best
    }
    var heirs = (0..<count).map(nearest)
    var squares = outgoing.map(meanSquare)
    var steps: [(removed: Int, heir: Int, saliency: Double)] = []
    while steps.count < count - 1 {
      var best: (removed: Int, heir: Int, saliency: Double)?
      for j in 0..<count where isAlive[j] {
        guard let heir = heirs[j] else { continue }
        let saliency = squares[j] * distances[j * count + heir]
        if best.map({ saliency < $0.saliency }) ?? true { best = (j, heir, saliency) }
      }
      guard let best else { break }
      steps.append(best)
      isAlive[best.removed] = false
      for k in outgoing[best.heir].indices { outgoing[best.heir][k] += outgoing[best.removed][k] }
      squares[best.heir] = meanSquare(outgoing[best.heir])
      for j in 0..<count where isAlive[j] && heirs[j] == best.removed { heirs[j] = nearest(j) }
    }
    return steps
  }
}
