import Foundation
import Networks
import ONNX
import Pruning
import TestSupport
import Tensors
import Testing

/// Channels through attention, layer norms, windows and gates: removing is masking.
@Suite struct TokenPruningTests {
  @Test(arguments: TokenNetworks.allCases, HeadRemoval.allCases)
  func removedIsMasked(_ kind: TokenNetworks, _ heads: HeadRemoval) throws {
    for seed in 0..<6 {
      let graph = try kind.graph(seed: UInt64(seed))
      let map = try ChannelMap(graph, heads: heads)
      let removed = try randomRemoval(map, seed: UInt64(seed))
      let pruned = try Pruner.remove(removed, of: map, proof: ProofForm(original: graph, heads: heads, seed: UInt64(seed)))
      let summary = try pruned.graph.summary()
      #expect(pruned.after.macs == summary.macs && pruned.after.activations == summary.activations, "seed \(seed)")
      #expect(pruned.after.parameters == summary.parameters, "seed \(seed)")
      #expect(pruned.proof.inputs >= 4 && pruned.proof.relativeDifference < 1e-5)
      // The double twin, which shares nothing with the engine, sees the same, at another number of images.
      let inputs = try RandomNetworks.inputs(of: graph, 3).mapValues { $0.map(Double.init) }
      let masked = Twin(try map.graph(masking: removed)).forward(inputs)
      let output = graph.outputs[0]
      expectClose(
        Twin(pruned.graph).forward(inputs)[output]!, masked[output]!, Tolerance(absolute: 1e-6, relative: 1e-6), scaled: true,
        "seed \(seed)")
    }
  }

  /// Every group of layers that may lose channels, with their number.
  private func removable(_ kind: TokenNetworks, _ heads: HeadRemoval) throws -> [Int] {
    try ChannelGroups(ChannelMap(kind.graph(seed: 1), heads: heads)).removable.map(\.channels.count).sorted()
  }

  /// What may go: the width of the tokens (12) and of the multilayer perceptron (20), and of attention.
  @Test func whatMayGo() throws {
    // One layer makes queries, keys and values, spread over heads together: their widths go together.
    #expect(try removable(.vision, .equalShares) == [4, 12, 20])
    #expect(try removable(.vision, .wholeHeads) == [3, 12, 20])
    #expect(try removable(.sequenceFirst, .wholeHeads) == [3, 12, 20])
    // Split before: four positions of queries and keys, and four of values.
    #expect(try removable(.split, .equalShares) == [8, 12, 20])
    #expect(try removable(.split, .wholeHeads) == [3, 12, 20])
    #expect(try removable(.sequenceFirst, .equalShares) == [4, 12, 20])
    // Merged patches make a new width.
    #expect(try removable(.windows, .equalShares) == [4, 4, 12, 24])
    #expect(try removable(.windows, .wholeHeads) == [3, 3, 12, 24])
    #expect(try removable(.cosine, .wholeHeads) == [3, 12, 20])
    #expect(try removable(.cosine, .equalShares) == [4, 12, 20])
    // Channels that attend to channels go with their head.
    #expect(try removable(.channels, .equalShares) == [3, 12, 20])
    #expect(try removable(.gate, .equalShares) == [12, 12, 20])
    #expect(try removable(.responses, .equalShares) == [12, 16])
    #expect(try removable(.einsum, .wholeHeads) == [3, 12, 20])
  }

  /// A head that is gone is one whose part of the layer behind is zero; a position of queries and keys that is gone is one
  /// without weights and bias.
  @Test(arguments: HeadRemoval.allCases) func weightsSetToZero(_ heads: HeadRemoval) throws {
    let graph = try TokenNetworks.split.graph(seed: 3)
    let map = try ChannelMap(graph, heads: heads)
    let all = try #require(graph.nodes.first { $0.op is Op.MatMul })
    let layer = try #require(map.linear.first { $0.node == all.id })
    let removed: Set<Int> = [layer.outputs[1], layer.outputs[29]]
    var editor = GraphEditor(map.graph)
    let attended = try #require(map.linear.first { $0.inputs.contains(layer.outputs[29]) })
    func clear(_ name: String?, _ positions: [Int], axis: Int) {
      guard let name, var tensor = editor.constants[name]?.floats else { return }
      let stride = tensor.shape.strides[axis]
      for element in tensor.elements.indices where positions.contains(element / stride % tensor.shape[axis]) {
        tensor.elements[element] = 0
      }
      editor.constants[name] = .float(tensor)
    }
    let gone = attended.inputs.indices.filter { removed.contains(attended.inputs[$0]) }
    #expect(gone == (heads == .wholeHeads ? Array(0..<8) : [1, 5, 9]))
    clear(map.graph.node(id: attended.node)?.inputs[1], gone, axis: 0)
    if heads == .equalShares {
      // The norms over queries and keys count what is left; without them zeros would do.
      #expect(layer.outputs[1] == layer.outputs[13] && layer.outputs[1] != layer.outputs[29])
      return
    }
    let inputs = try RandomNetworks.inputs(of: graph, 2).mapValues { $0.map(Double.init) }
    let pruned = try map.graph(without: removed)
    let output = graph.outputs[0]
    expectClose(
      Twin(pruned).forward(inputs)[output]!, Twin(try editor.graph()).forward(inputs)[output]!,
      Tolerance(absolute: 1e-9, relative: 1e-9), scaled: true)
  }

  /// A layer norm over what is left, by its formula.
  @Test func layerNormOverWhatIsLeft() throws {
    var editor = GraphEditor(name: "norm")
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(3)])]
    var random = Philox(seed: 5)
    func tensor(_ shape: Shape) -> Tensor<Float> { Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape) }
    let (first, scale, bias, last) = (tensor([6, 3]), tensor([6]), tensor([6]), tensor([2, 6]))
    let names = [first, scale, bias, last].map { editor.add(.float($0), named: "weight") }
    var x = editor.add(Op.Gemm(transposeB: true), named: "fc1", inputs: ["input", names[0]])
    x = editor.add(Op.LayerNormalization(axis: -1, epsilon: 0.01), named: "norm", inputs: [x, names[1], names[2]])
    editor.outputs = [editor.add(Op.Gemm(transposeB: true), named: "fc2", inputs: [x, names[3]])]
    let map = try ChannelMap(editor.graph())
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "fc1" })
    let kept = [0, 2, 3, 5]
    let pruned = try Pruner.remove([group.channels[1].id, group.channels[4].id], of: map)
    let input = tensor([1, 3])
    func number(_ tensor: Tensor<Float>, _ position: Int) -> Double { Double(tensor.elements[position]) }
    var made: [Double] = []
    for row in kept {
      var sum = 0.0
      for column in 0..<3 { sum += number(first, row * 3 + column) * number(input, column) }
      made.append(sum)
    }
    let mean = made.reduce(0, +) / 4
    var variance = 0.0
    for value in made { variance += (value - mean) * (value - mean) / 4 }
    let deviation = (variance + Double(Float(0.01))).squareRoot()
    var expected: [Double] = [0, 0]
    for output in 0..<2 {
      for (position, channel) in kept.enumerated() {
        let normalised = (made[position] - mean) / deviation * number(scale, channel) + number(bias, channel)
        expected[output] += number(last, output * 6 + channel) * normalised
      }
    }
    let found = Twin(pruned.graph).forward(["input": input.map(Double.init)])
    expectClose(
      found[pruned.graph.outputs[0]]!, Tensor(expected, shape: [1, 2]), Tolerance(absolute: 1e-9, relative: 1e-9), scaled: true)
  }

  /// onnxruntime sees the masked and the pruned network alike, and onnx's checker accepts what is written.
  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON names no Python")) func onnxruntimeAgrees() throws {
    try withTemporaryFolder { folder in
      for kind in TokenNetworks.allCases {
        for heads in HeadRemoval.allCases {
          let map = try ChannelMap(kind.graph(seed: 9), heads: heads)
          let removed = try randomRemoval(map, seed: 9)
          let name = folder.appendingPathComponent("\(kind)-\(heads)").path
          try map.graph(masking: removed).writeONNX(to: name + "-masked.onnx")
          try map.graph(without: removed).writeONNX(to: name + "-pruned.onnx")
        }
      }
      try expectAlikeInONNXRuntime(folder)
    }
  }

  /// Half of the operations go under a budget, by weights.
  @Test(arguments: TokenNetworks.allCases) func halfTheMACs(_ kind: TokenNetworks) throws {
    let graph = try kind.graph(seed: 2)
    let groups = try ChannelGroups(ChannelMap(graph))
    let scores = try criterion("l1").scores(ScoredNetwork(groups))
    let pruned = try Pruner.prune(groups, by: scores, Selection(Budget(.macs, 0.5), normalisation: .max))
    #expect(pruned.after.macs <= pruned.before.macs / 2)
    #expect(try pruned.graph.summary().macs == pruned.after.macs)
  }
}
