import Engine
import Foundation
import Networks
import ONNX
import Pruning
import TestSupport
import Tensors
import Testing

/// Removing channels is masking them, whatever the wiring.
@Suite struct SurgeryTests {
  @Test(arguments: GroupRemoval.allCases)
  func randomNetworks(_ groups: GroupRemoval) throws {
    var (removals, shrunk) = (0, 0)
    for seed in 0..<500 {
      let graph = try RandomNetworks.graph(seed: UInt64(seed))
      do {
        let map = try ChannelMap(graph, groups: groups)
        let removed = try randomRemoval(map, seed: UInt64(seed))
        let pruned = try Pruner.remove(removed, of: map, seed: UInt64(seed))
        removals += removed.count
        if try pruned.after.parameters < LiveNetwork(map).cost.parameters { shrunk += 1 }
        try expectCounted(pruned)
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
    #expect(removals > 5000)
    #expect(shrunk > 480)
  }

  /// The double twin, which shares nothing with the engine, sees the same.
  @Test func twinAgrees() throws {
    for seed in 1000..<1040 {
      let graph = try RandomNetworks.graph(seed: UInt64(seed))
      let map = try ChannelMap(graph)
      let removed = try randomRemoval(map, seed: UInt64(seed))
      let inputs = try RandomNetworks.inputs(of: graph, 2).mapValues { $0.map(Double.init) }
      let masked = Twin(try map.graph(masking: removed)).forward(inputs)
      let pruned = Twin(try map.graph(without: removed)).forward(inputs)
      for output in graph.outputs {
        expectClose(
          pruned[output]!, masked[output]!, Tolerance(absolute: 1e-12, relative: 1e-9), scaled: true, "seed \(seed), \(output)")
      }
    }
  }

  /// A network that lost other channels than those that are masked is no proof.
  @Test func theProofSeesAWrongNetwork() throws {
    let map = try ChannelMap(TinyNetworks.vgg())
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv2" })
    let other = try map.graph(without: [group.channels[1].id])
    do {
      let proof = try PruningProof(map, without: [group.channels[0].id], other)
      Issue.record("\(proof)")
    } catch let error as EspalierError {
      #expect("\(error)".contains("differs from the masked one"), "\(error)")
    }
    #expect(try PruningProof(map, without: [group.channels[1].id], other).relativeDifference < 1e-5)
  }

  @Test func maskingNothingIsTheNetwork() throws {
    let graph = TinyNetworks.residual()
    let map = try ChannelMap(graph)
    #expect(try map.graph(without: []).constants == map.graph.constants)
    #expect(try map.graph(masking: []).nodes.count == map.graph.nodes.count)
  }

  private func expectCounted(_ pruned: PrunedNetwork) throws {
    let summary = try pruned.graph.summary()
    #expect(pruned.after.macs == summary.macs)
    #expect(pruned.after.parameters == summary.parameters)
    #expect(pruned.after.activations == summary.activations)
  }
}

/// Removes up to half of the channels of every group, at random, but at least one stays everywhere.
func randomRemoval(_ map: ChannelMap, seed: UInt64) throws -> Set<Int> {
  var random = Philox(seed: seed, stream: Philox.stream(named: "removal"))
  var removed: Set<Int> = []
  for group in try ChannelGroups(map).removable where group.channels.count > 1 {
    let count = Int.random(in: 0...(group.channels.count / 2), using: &random)
    let order = random.permutation(group.channels.count).map { group.channels[$0].id }
    removed.formUnion(group.removable(inOrder: order).prefix(count))
  }
  return removed
}
