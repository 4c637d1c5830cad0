import Analysis
import Engine
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// An activation that no target has heard of: what it says of itself is all that they need, and what cannot do without more refuses
/// it by its name.
private struct Bump: ElementwiseOperator {
  static let name = "Bump"
  static let arity = 1...1
  var role: OperatorRole { .activation }
  var sign: SignBehaviour { .nonnegative }
  func value(_ x: Double) -> Double { exp(-x * x) }
}

@Suite struct UnknownOperatorTests {
  private func graph() throws -> Graph {
    var editor = GraphEditor(name: "unknown")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(2), .fixed(4), .fixed(4)])]
    func convolution(_ name: String, _ input: String) -> String {
      let weight = editor.add(.float(Tensor([1, -2, 0.5, 3], shape: [2, 2, 1, 1])), named: name + ".w")
      return editor.add(Op.Conv(), named: name, inputs: [input, weight])
    }
    let bump = editor.add(Bump(), named: "bump", inputs: [convolution("a", "x")])
    editor.outputs = [convolution("b", bump)]
    return try editor.graph()
  }

  @Test func whatItSaysOfItselfIsKnownEverywhere() throws {
    let graph = try graph()
    let bump = graph.nodes.first { $0.op is Bump }!
    // Shapes and elements.
    let facts = try graph.facts(batch: 3)
    #expect(facts[bump.outputs[0]]?.shape == [3, 2, 4, 4])
    let known = try bump.op.infer([Fact(.float(Tensor([0, 1], shape: [2])))], outputs: 1)[0].value?.floats
    #expect(known?.elements == [1, Float(exp(-1.0))])
    // A block of a layer and its activation.
    let blocks = graph.blocks
    #expect(blocks.count == 2)
    #expect(blocks[0].nodes.map(\.id).contains(bump.id))
    // The rule of an activation; what follows a function that is not negative.
    #expect(LayerKind(bump, in: graph) == .activation)
    #expect(bump.op.elements == .positionwise)
    #expect(bump.op.trainable.isEmpty)
    // Images along the first axis.
    #expect(try graph.imageAxes()[bump.outputs[0]] == .rows)
    // Channels pass.
    let map = try ChannelMap(graph)
    #expect(map.channels[bump.outputs[0]]?.labels == map.channels[bump.inputs[0]!]?.labels)
  }

  @Test func whatNeedsMoreRefusesItByName() throws {
    let graph = try graph()
    useOneThreadHere()
    #expect { try PlanBuilder(graph, batch: 1).forward() } throws: { "\($0)".contains("Bump") && "\($0)".contains("bump") }
    try withTemporaryFolder { folder in
      #expect { try graph.writeONNX(to: folder.path + "/unknown.onnx") } throws: { "\($0)".contains("Bump") }
    }
  }
}
