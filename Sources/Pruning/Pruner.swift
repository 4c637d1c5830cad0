import Compression
import Networks
import Tensors

/// A network that has lost channels, and what it lost.
public struct PrunedNetwork: Sendable {
  /// The smaller network.
  public var graph: Graph
  /// The output channels that every layer which lost some has kept, by the node's name, as positions among those it had.
  public var kept: [String: [Int]]
  /// The classes that went.
  public var removed: Set<Int>
  /// That removing is masking.
  public var proof: EquivalenceProof
  /// The channels left to groups that the selection cut to their floor, by the group's name.
  public var atFloor: [String: Int] = [:]
  /// What the network cost, and costs.
  public var before: NetworkCost, after: NetworkCost
}

/// How a pruned network is proven: as it will be read, against the network as it was read.
public struct ProofForm: Sendable {
  /// The network as its file says it, before anything was rewritten, such as its batch; nil for that of the channels.
  public var original: Graph?
  /// What may be removed of grouped convolutions, as in the channels that are pruned.
  public var groups: GroupRemoval
  /// What may be removed of attention, as in the channels that are pruned.
  public var heads: HeadRemoval
  /// Whether outputs that are 0 for every input are refused; a sweep of cuts may well silence a network.
  public var refusesSilence: Bool
  /// Stores a pruned network and reads it again.
  public var stored: @Sendable (Graph) throws -> Graph
  /// Real inputs beside the random ones, `[N, …]`.
  public var samples: Tensor<Float>?
  /// The seed of the random inputs.
  public var seed: UInt64

  /// By default the network in memory is proven, on random inputs.
  public init(
    original: Graph? = nil, groups: GroupRemoval = .equalShares, heads: HeadRemoval = .equalShares,
    samples: Tensor<Float>? = nil, seed: UInt64 = 0, refusesSilence: Bool = true,
    stored: @escaping @Sendable (Graph) throws -> Graph = { $0 }
  ) {
    self.original = original
    self.groups = groups
    self.heads = heads
    self.refusesSilence = refusesSilence
    self.samples = samples
    self.seed = seed
    self.stored = stored
  }
}

/// Prunes a network: chooses channels under a budget, removes them, and proves that removing is masking.
public enum Pruner {
  /// Prunes once.
  ///
  /// - Parameters:
  ///   - groups: the channel groups of the network as read.
  ///   - form: how the result is proven.
  ///   - fusion: what those that stay take over from classes that go; nil for nothing.
  ///   - latency: measures a network without some classes; needed for a budget of time.
  /// - Throws: `EspalierError` if the budget cannot be kept, or the proof fails.
  public static func prune(
    _ groups: ChannelGroups, by scores: FilterScores, _ selection: Selection, proof form: ProofForm = ProofForm(),
    fusion: ((Set<Int>) throws -> ChannelFusion)? = nil, latency: ((Set<Int>) throws -> Double)? = nil
  ) throws -> PrunedNetwork {
    let removed = try selection.choose(in: groups, by: scores, latency: latency)
    let map = try fusion.map { try $0(removed).applied(to: ScoredNetwork(groups)) } ?? groups.map
    var form = form
    // Survivors that took over make another network than the one read.
    if fusion != nil { form.original = nil }
    var pruned = try remove(removed, of: map, proof: form)
    pruned.atFloor = selection.atFloor(groups, without: removed)
    return pruned
  }

  /// Removes given classes of channels; a constant that one of them holds goes into the biases of the layers that read it, where
  /// that is exact.
  ///
  /// - Throws: `EspalierError` if one of them must stay, or the proof fails.
  public static func remove(_ removed: Set<Int>, of map: ChannelMap, proof form: ProofForm = ProofForm()) throws -> PrunedNetwork
  {
    let constants = ConstantChannels(map)
    let folded = try constants.folding(removed)
    let pruned = try folded.map.graph(without: removed)
    let stored = try form.stored(pruned)
    // Where weights that are new, such as folded biases, are stored in a narrower type, they are rounded.
    let isRounded = pruned.constants.contains { name, value in stored.constants[name].map { $0 != value } ?? false }
    let rounding = isRounded ? (stored.form?.otherFloats ?? []).map(\.rounding).max() ?? 0 : 0
    let bound = max(EquivalenceProof.bound, 8 * rounding)
    let (proven, gone) = form.original.flatMap { map.translated(removed, to: $0, form) } ?? (map, removed)
    let proof = try EquivalenceProof(
      proven, without: gone, as: folded.fills, stored, bound: bound, samples: form.samples, seed: form.seed,
      refusesSilence: form.refusesSilence)
    var live = try LiveNetwork(map)
    let before = live.cost
    for id in removed { live.remove(id) }
    var kept: [String: [Int]] = [:]
    for layer in map.linear {
      let left = layer.outputs.indices.filter { !removed.contains(layer.outputs[$0]) }
      if left.count < layer.outputs.count, let node = map.graph.node(id: layer.node) { kept[node.label] = left }
    }
    return PrunedNetwork(graph: pruned, kept: kept, removed: removed, proof: proof, before: before, after: live.cost)
  }
}

extension ChannelMap {
  /// The channels of the same network before its batch was made symbolic, with the classes that are these there; nil where they
  /// do not correspond.
  fileprivate func translated(_ removed: Set<Int>, to original: Graph, _ form: ProofForm) -> (ChannelMap, Set<Int>)? {
    guard let map = try? ChannelMap(original, groups: form.groups, heads: form.heads) else { return nil }
    let theirs = Dictionary(map.linear.map { ($0.node, $0.outputs) }) { first, _ in first }
    var (gone, stay) = (Set<Int>(), Set<Int>())
    for layer in linear {
      guard let outputs = theirs[layer.node], outputs.count == layer.outputs.count else { return nil }
      for (own, label) in zip(layer.outputs, outputs) {
        if removed.contains(own) { gone.insert(label) } else { stay.insert(label) }
      }
    }
    guard gone.isDisjoint(with: stay), gone.allSatisfy({ map.classes[$0].reason == nil }) else { return nil }
    return (map, gone)
  }
}
