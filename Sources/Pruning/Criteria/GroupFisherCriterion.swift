import Analysis
import Tensors

/// Group Fisher pruning: the Fisher information of one mask on all inputs that coupled channels are, Σ_n (Σ_{x∈X} ∂L_n/∂m^x)², by
/// what removing them saves.
///
/// ∂L_n/∂m^x is the sum over positions of a · ∂L_n/∂a, with the gradient that comes back from the layer x alone; X are the inputs
/// of all convolutions and linear layers that read the class, the groups of a grouped convolution and the features of a flattened
/// map with it. L_n is the image's own cross-entropy. `per=memory` divides by the activations that the class makes for an image,
/// `per=macs` by the MACs that go with it, counted in the whole network; `per=none` does not. All filters of a class score alike.
///
/// Source: L. Liu, S. Zhang, Z. Kuang, A. Zhou, J. Xue, X. Wang, Y. Chen, W. Yang, Q. Liao, W. Zhang, "Group Fisher pruning for
/// practical network compression", ICML 2021, equations 4 to 7 and Algorithm 1, grouped convolutions with it, which the authors'
/// code leaves out. The paper removes one channel every 25 iterations of tuning; here that is `--steps`. Savings are those of the
/// network as it is scored, not of what each removal leaves (`--per-saving` with `per=none` counts what is left).
public struct GroupFisherCriterion: DataCriterion {
  public static let name = "group-fisher"
  public static let summary = "Σ (Σ over coupled inputs of a·g)², per=memory|macs|none saved (Liu et al. 2021)"
  public static let isComparable = true

  private enum Saving: String, CaseIterable { case memory, macs, none }
  private let saving: Saving

  public init(_ parameters: inout ParameterList) throws { saving = try parameters.choice("per", default: .memory) }

  public var isOfLoss: Bool { true }

  public func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores {
    let sums = try MaskGradients(network.groups.map, images, .loss)
    let live = try LiveNetwork(network.groups.map)
    var scores: [Int: Double] = [:]
    for channel in network.groups.removable.flatMap(\.channels) {
      let saved = live.saving(channel.id)
      let divisor =
        switch saving {
        case .memory: max(saved.activations, 1)
        case .macs: max(saved.macs, 1)
        case .none: 1
        }
      scores[channel.id] = sums.squares[channel.id] / Double(divisor)
    }
    return FilterScores(ofClasses: scores, in: network.groups)
  }
}
