import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// NaN is not made one by a rectifier, as in onnxruntime.
@Suite struct NotANumberTests {
  @Test(arguments: ["alone", "behind a sum", "behind a batch norm"]) func passesARectifier(position: String) throws {
    var editor = GraphEditor(name: "nan")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(3), .fixed(2), .fixed(2)])]
    var x = "x"
    if position == "behind a sum" { x = editor.add(Op.Add(), named: "sum", inputs: ["x", "x"]) }
    if position == "behind a batch norm" {
      let parameters = [1, 0, 0, 1].enumerated().map { position, value in
        editor.add(.float(Tensor(repeating: Float(value), shape: [3])), named: "p\(position)")
      }
      x = editor.add(Op.BatchNormalization(), named: "norm", inputs: ["x"] + parameters)
    }
    editor.outputs = [editor.add(Op.Relu(), named: "y", inputs: [x])]
    var values = Tensor<Float>(repeating: -1, shape: [1, 3, 2, 2])
    values.elements[5] = .nan
    let y = try run(editor.graph(), ["x": values], batch: 1)["y"]!
    #expect(y.elements.enumerated().allSatisfy { $0.offset == 5 ? $0.element.isNaN : $0.element == 0 })
  }

  @Test func infiniteWeightsOfAConvolutionAreRefused() throws {
    var editor = GraphEditor(name: "infinite")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(1), .fixed(2), .fixed(2)])]
    let weight = editor.add(.float(Tensor([.infinity], shape: [1, 1, 1, 1])), named: "w")
    let conv = editor.add(Op.Conv(), named: "layer7", inputs: ["x", weight])
    editor.outputs = [editor.add(Op.Relu(), named: "y", inputs: [conv])]
    let graph = try editor.graph()
    #expect { try PlanBuilder(graph, batch: 1).forward() } throws: { "\($0)".contains("layer7") && "\($0)".contains("finite") }
  }
}
