import Compression
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
        let pruned = try Pruner.remove(removed, of: map, proof: ProofForm(seed: UInt64(seed), refusesSilence: false))
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
      let proof = try EquivalenceProof(map, without: [group.channels[0].id], other)
      Issue.record("\(proof)")
    } catch let error as EspalierError {
      #expect("\(error)".contains("differs from the masked network"), "\(error)")
    }
    #expect(try EquivalenceProof(map, without: [group.channels[1].id], other).relativeDifference < 1e-5)
  }

  /// Two outputs, one a million times the other: each is held to its own scale.
  @Test func everyOutputHasItsOwnScale() throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    let factor = editor.add(.float(Tensor(scalar: 1e6)), named: "factor")
    let large = editor.add(Op.Mul(), named: "large", inputs: [editor.outputs[0], factor])
    let one = editor.add(.float(Tensor(scalar: 1)), named: "one")
    let small = editor.add(Op.Mul(), named: "small", inputs: [editor.outputs[0], one])
    editor.outputs = [large, small]
    let map = try ChannelMap(editor.graph())
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv2" })
    let removed: Set<Int> = [group.channels[1].id]
    let right = try map.graph(without: removed)
    let proof = try EquivalenceProof(map, without: removed, right)
    #expect(proof.outputs.map(\.name) == [large, small] && proof.outputs[0].scale > 9e5 * proof.outputs[1].scale)
    var wrong = GraphEditor(right)
    wrong.constants[one] = .float(Tensor(scalar: 1.01))
    let error = #expect(throws: EspalierError.self) { try EquivalenceProof(map, without: removed, wrong.graph()) }
    #expect(error?.description.contains("'\(small)'") == true, "\(error?.description ?? "")")
  }

  /// Outputs that say nothing prove nothing.
  @Test(arguments: [(Float(0), "is 0 for every input"), (.infinity, "is NaN")]) func silentOutputs(
    _ value: Float, _ words: String
  ) throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    let factor = editor.add(.float(Tensor(scalar: value)), named: "factor")
    var output = editor.add(Op.Mul(), named: "scaled", inputs: [editor.outputs[0], factor])
    if value == .infinity { output = editor.add(Op.Sub(), named: "difference", inputs: [output, output]) }
    editor.outputs = [output]
    let map = try ChannelMap(editor.graph())
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv2" })
    let error = #expect(throws: EspalierError.self) { try Pruner.remove([group.channels[1].id], of: map) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  /// A constant beside the scores is no part of what is run, and is compared as it stands.
  @Test func constantOutputs() throws {
    var editor = GraphEditor(TinyNetworks.vgg())
    let constant = editor.add(.float(Tensor([1, 2], shape: [2])), named: "constant")
    editor.outputs.append(constant)
    let map = try ChannelMap(editor.graph())
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv2" })
    let pruned = try Pruner.remove([group.channels[1].id], of: map)
    #expect(pruned.proof.outputs.count == 1 && pruned.graph.outputs.count == 2)
    let form = ProofForm { graph in
      var editor = GraphEditor(graph)
      editor.constants[constant] = .float(Tensor([1, 3], shape: [2]))
      return try editor.graph()
    }
    #expect(throws: EspalierError.self) { try Pruner.remove([group.channels[1].id], of: map, proof: form) }
  }

  /// What is compared is what the file holds, not what was meant to be written.
  @Test func theStoredNetworkIsProven() throws {
    let map = try ChannelMap(TinyNetworks.vgg())
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv2" })
    let form = ProofForm { graph in
      var editor = GraphEditor(graph)
      for (name, value) in graph.constants {
        if let floats = value.floats { editor.constants[name] = .float(floats.map { $0 * 1.01 }) }
      }
      return try editor.graph()
    }
    #expect(throws: EspalierError.self) { try Pruner.remove([group.channels[1].id], of: map, proof: form) }
  }

  @Test func proofsAddUp() throws {
    func output(_ name: String, _ difference: Double, _ scale: Double) -> EquivalenceProof.Output {
      .init(name: name, greatestDifference: difference, scale: scale)
    }
    let first = EquivalenceProof([output("a", 1, 1e6), output("b", 0.1, 1e4)], inputs: 4)
    let second = EquivalenceProof([output("a", 0, 1e6), output("b", 0.2, 1e4)], inputs: 6)
    let both = EquivalenceProof.none.and(first).and(second)
    #expect(both.outputs == [output("a", 1, 1e6), output("b", 0.2, 1e4)] && both.inputs == 10)
    #expect(both.greatestDifference == 0.2 && both.relativeDifference == 2e-5)
    let old = Data(#"{"greatestDifference":0.5,"scale":2,"inputs":3}"#.utf8)
    #expect(try JSONDecoder().decode(EquivalenceProof.self, from: old).relativeDifference == 0.25)
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
