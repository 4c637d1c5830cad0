import Networks
import Tensors

/// A network that has lost channels, and what it lost.
public struct PrunedNetwork: Sendable {
  /// The smaller network.
  public var graph: Graph
  /// The output channels that every layer which lost some has kept, by the node's name, as places among those it had.
  public var kept: [String: [Int]]
  /// The classes that went.
  public var removed: Set<Int>
  /// That removing is masking.
  public var proof: PruningProof
  /// What the network cost, and costs.
  public var before: NetworkCost, after: NetworkCost
}

/// Prunes a network: chooses channels under a budget, removes them, and proves that removing is masking.
public enum Pruner {
  /// Prunes once.
  ///
  /// - Parameters:
  ///   - groups: the channel groups of the network as read.
  ///   - samples: real inputs for the proof, `[N, …]`.
  ///   - seed: of the proof's random inputs.
  ///   - fusion: what those that stay take over from classes that go; nil for nothing.
  ///   - latency: measures a network without some classes; needed for a budget of time.
  /// - Throws: `EspalierError` if the budget cannot be kept, or the proof fails.
  public static func prune(
    _ groups: ChannelGroups, by scores: FilterScores, _ selection: Selection, samples: Tensor<Float>? = nil, seed: UInt64 = 0,
    fusion: ((Set<Int>) throws -> ChannelFusion)? = nil, latency: ((Set<Int>) throws -> Double)? = nil
  ) throws -> PrunedNetwork {
    let removed = try selection.choose(in: groups, by: scores, latency: latency)
    let map = try fusion.map { try $0(removed).applied(to: ScoredNetwork(groups)) } ?? groups.map
    return try remove(removed, of: map, samples: samples, seed: seed)
  }

  /// Removes given classes of channels; a constant that one of them holds goes into the biases of the layers that read it, where that
  /// is exact.
  ///
  /// - Throws: `EspalierError` if one of them must stay, or the proof fails.
  public static func remove(_ removed: Set<Int>, of map: ChannelMap, samples: Tensor<Float>? = nil, seed: UInt64 = 0) throws
    -> PrunedNetwork
  {
    let constants = ConstantChannels(map)
    let folded = try constants.folding(removed)
    let pruned = try folded.map.graph(without: removed)
    let proof = try PruningProof(map, without: removed, as: folded.fills, pruned, samples: samples, seed: seed)
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
