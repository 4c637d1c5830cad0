import Networks
import Pruning
import TestSupport
import Tensors
import Testing

/// A removed channel that is a constant goes into the biases of its readers, where that is exact.
@Suite struct ConstantChannelTests {
  /// A convolution whose filter 1 has no weights and bias 2, a norm whose channel 2 has scale 0 and shift 3, and a linear layer.
  private func graph(padded: Bool) throws -> Graph {
    var editor = GraphEditor(name: "constant")
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(2), .fixed(4), .fixed(4)])]
    var random = Philox(seed: 3)
    func numbers(_ shape: Shape) -> [Float] { (0..<shape.count).map { _ in Float(random.normal()) } }
    var weights = numbers([4, 2, 1, 1])
    weights.replaceSubrange(2..<4, with: [0, 0])
    let weight = editor.add(.float(Tensor(weights, shape: [4, 2, 1, 1])), named: "weight")
    let bias = editor.add(.float(Tensor([0.5, 2, 0.1, -0.2], shape: [4])), named: "bias")
    var x = editor.add(Op.Conv(), named: "conv1", inputs: ["input", weight, bias])
    let norm = [[1, 1, 0, 0.5], [0.1, 0.25, 3, 0.3], [0.2, 0.5, 0.1, 0], [1, 4, 2, 1]].enumerated().map { position, values in
      editor.add(.float(Tensor(values.map(Float.init), shape: [4])), named: "norm\(position)")
    }
    x = editor.add(Op.BatchNormalization(epsilon: 0), named: "norm", inputs: [x] + norm)
    x = editor.add(Op.Relu(), named: "relu", inputs: [x])
    let kernel: Shape = [3, 4, 3, 3]
    let second = editor.add(.float(Tensor(numbers(kernel), shape: kernel)), named: "weight2")
    let window = padded ? Window(padding: .explicit(begin: [1, 1], end: [1, 1])) : Window(padding: .valid)
    x = editor.add(Op.Conv(window: window), named: "conv2", inputs: [x, second])
    x = editor.add(Op.Flatten(), named: "flatten", inputs: [x])
    let features = padded ? 48 : 12
    let third = editor.add(.float(Tensor(numbers([2, features]), shape: [2, features])), named: "weight3")
    editor.outputs = [editor.add(Op.Gemm(transposeB: true), named: "fc", inputs: [x, third])]
    return try editor.graph()
  }

  @Test func exactWithoutPadding() throws {
    let graph = try graph(padded: false)
    let map = try ChannelMap(graph)
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv1" })
    let removed = Set([1, 2].map { group.channels[$0].id })
    let pruned = try Pruner.remove(removed, of: map)
    // The whole network computes the same: both channels were constants, (2 − 0.5) / 2 + 0.25 and 3.
    let input = try RandomNetworks.inputs(of: graph, 3).mapValues { $0.map(Double.init) }
    let (before, after) = (Twin(graph).forward(input), Twin(pruned.graph).forward(input))
    expectClose(after[graph.outputs[0]]!, before[graph.outputs[0]]!, Tolerance(absolute: 1e-6, relative: 1e-6), scaled: true)
    #expect(pruned.kept["conv1"] == [0, 3])
  }

  /// A linear layer's factors α and β: a hidden unit without weights is its bias.
  @Test func linearLayersWithFactors() throws {
    var editor = GraphEditor(name: "factors")
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(5)])]
    var random = Philox(seed: 4)
    func tensor(_ shape: Shape, zeroRow: Int? = nil) -> Constant {
      .float(Tensor((0..<shape.count).map { $0 / 5 == zeroRow ? 0 : Float(random.normal()) }, shape: shape))
    }
    let first = [editor.add(tensor([4, 5], zeroRow: 2), named: "weight1"), editor.add(tensor([4]), named: "bias1")]
    var x = editor.add(Op.Gemm(transposeB: true), named: "fc1", inputs: ["input"] + first)
    x = editor.add(Op.Sigmoid(), named: "sigmoid", inputs: [x])
    let second = [editor.add(tensor([3, 4]), named: "weight2"), editor.add(tensor([3]), named: "bias2")]
    editor.outputs = [editor.add(Op.Gemm(alpha: 0.25, transposeB: true), named: "fc2", inputs: [x] + second)]
    let graph = try editor.graph()
    let map = try ChannelMap(graph)
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "fc1" })
    let pruned = try Pruner.remove([group.channels[2].id], of: map)
    let input = try RandomNetworks.inputs(of: graph, 3).mapValues { $0.map(Double.init) }
    let (before, after) = (Twin(graph).forward(input), Twin(pruned.graph).forward(input))
    expectClose(after[graph.outputs[0]]!, before[graph.outputs[0]]!, Tolerance(absolute: 1e-6, relative: 1e-6), scaled: true)
    #expect(pruned.kept["fc1"] == [0, 1, 3])
  }

  /// With padding, what a constant adds is less at the border: the channel goes as if it were 0.
  @Test func notBesidePadding() throws {
    let graph = try graph(padded: true)
    let map = try ChannelMap(graph)
    let group = try #require(try ChannelGroups(map).removable.first { $0.name == "conv1" })
    let pruned = try Pruner.remove([group.channels[1].id], of: map)
    let input = try RandomNetworks.inputs(of: graph, 3).mapValues { $0.map(Double.init) }
    let masked = Twin(try map.graph(masking: [group.channels[1].id])).forward(input)
    expectClose(
      Twin(pruned.graph).forward(input)[graph.outputs[0]]!, masked[graph.outputs[0]]!, Tolerance(absolute: 1e-9), scaled: true)
  }
}
