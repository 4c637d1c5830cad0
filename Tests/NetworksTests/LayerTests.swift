import Foundation
import Networks
import Tensors
import Testing

@Suite struct LayerTests {
  @Test func namesHaveNoSlashesAndAreUnique() throws {
    var b = TestGraph([2, 4, 4])
    var x = b.conv("input", 2, 2, named: "/features/0/Conv")
    x = b.add(Op.Relu(), x, named: "features.0.Conv")
    x = b.editor.add(Op.Relu(), named: "", inputs: [x], output: "/value/7")
    x = b.conv(x, 2, 2, named: "features.0.Conv")
    let graph = try b.graph(x)
    #expect(graph.layers.map(\.name) == ["features.0.Conv", "features.0.Conv~2", "value.7", "features.0.Conv~3"])
    #expect(graph.layers.map(\.order) == [0, 1, 2, 3])
    #expect(graph.linearLayers.map(\.name) == ["features.0.Conv", "features.0.Conv~3"])
    #expect(graph.linearLayers[0].node.name == "/features/0/Conv")
  }

  /// Names that HDF5 could not store.
  @Test(arguments: [
    (".", "output"), ("//", "output"), ("/", "output"), ("/.", "output"), ("a\0b", "a\u{FFFD}b"), ("..", ".."), ("./a", "..a"),
  ])
  func namesThatCannotBeStored(name: String, stored: String) throws {
    var b = TestGraph([2, 4, 4])
    let graph = try b.graph(b.editor.add(Op.Relu(), named: name, inputs: ["input"], output: "/value"))
    #expect(graph.layers.map(\.name) == [stored])
  }

  @Test func productsOfActivationsAreNoLayers() throws {
    var b = TestGraph([4, 4])
    let graph = try b.graph(b.add(Op.MatMul(), b.add(Op.MatMul(), "input", "input"), b.weight("w", [4, 4])))
    #expect(graph.linearLayers.count == 1)
  }

  /// A factor on the images is how they are prepared, and no weight.
  @Test func factorsOnTheInputAreNoParameters() throws {
    var b = TestGraph([1, 6, 6])
    let scale = b.editor.add(.float(Tensor(scalar: 1 / 255)), named: "scale")
    let summary = try b.graph(b.conv(b.add(Op.Mul(), "input", scale), 1, 2)).summary()
    #expect(summary.parametersByKind.other == 0 && summary.parametersByKind.convolution == 20 && summary.parameters == 20)
  }

  @Test func summaryCountsForOneImageAndSharedWeightsOnce() throws {
    var b = TestGraph([2, 6, 6], batch: .fixed(4))
    let weight = b.weight("w", [2, 1, 3, 3])
    let conv = Op.Conv(group: 2)
    var x = b.add(conv, b.norm("input", 2), weight, b.weight("b", [2]), named: "first")
    x = b.add(conv, x, b.add(Op.Identity(), weight), named: "second")
    let up = Op.ConvTranspose(window: Window(strides: [2, 2]))
    x = b.add(Op.Add(), b.add(up, x, b.weight("up", [2, 3, 2, 2]), named: "up"), b.weight("shift", [3, 1, 1]), named: "shift")
    let summary = try b.graph(x).summary()
    #expect(summary.layers.map(\.name) == ["bn", "first", "second", "up", "shift"])
    #expect(summary.layers.map(\.output) == [[2, 6, 6], [2, 4, 4], [2, 2, 2], [3, 4, 4], [3, 4, 4]])
    #expect(summary.layers.map(\.macs) == [0, 16 * 2 * 9, 4 * 2 * 9, 4 * 2 * 3 * 4, 0])
    #expect(summary.parameters == 4 + 18 + 2 + 24)
    #expect(summary.parametersByKind.normalization == 4)
    // A constant behind a transposed convolution only shifts: training does not change it.
    #expect(summary.parametersByKind.other == 0)
    #expect(summary.biasAdditions == 32)
    #expect(summary.activations == 32 + 8 + 48)
    #expect(summary.elementwise == 72 + 48)
    #expect(summary.surveyFlops == 2 * (summary.macs + 88))
    let json = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(summary)) as? [String: Any])
    #expect(json["macs"] as? Int == summary.macs)
    let layers = try #require(json["layers"] as? [[String: Any]])
    #expect(Set(layers[1].keys) == ["name", "operator", "output", "macs", "parameters"])
  }
}
