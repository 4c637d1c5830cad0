import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// Operators of newer sets, ONNX's functions and those of files, as onnxruntime computes them (`Resources/make_functions.py`).
@Suite struct NewerModelTests {
  private struct Value: Decodable {
    var shape: [Int]
    var data: [Double]
    var tensor: Tensor<Double> { Tensor(data, shape: Shape(shape)) }
  }

  @Test(arguments: TestModels.newer) func valuesAreThoseOfOnnxruntime(_ file: URL) throws {
    let values = try JSONDecoder().decode(
      [String: [String: Value]].self,
      from: Data(contentsOf: file.deletingLastPathComponent().appendingPathComponent("values.json")))
    let golden = try #require(values[file.deletingPathExtension().lastPathComponent])
    let graph = try Graph(onnx: file.path)
    #expect(graph.nodes.allSatisfy { $0.op.name != "Attention" && $0.op.name != "Size" })
    let feeds = golden.filter { $0.key != "y" }.mapValues(\.tensor)
    #expect(Set(feeds.keys) == Set(graph.inputs.map(\.name)))
    for form in [graph, try graph.canonized()] {
      let result = try #require(Twin(form).forward(feeds)["y"])
      expectClose(result, try #require(golden["y"]).tensor, Tolerance(absolute: 2e-6, relative: 1e-5), scaled: true)
    }
  }

  /// What calls of functions leave behind: names that no two values share, attributes of the call or the function's own.
  @Test func functionsAreInlined() throws {
    let graph = try Graph(onnx: TestModels.resources.appendingPathComponent("newer/functions18.onnx").path)
    let slopes = graph.nodes.compactMap { ($0.op as? Op.LeakyRelu)?.alpha }
    #expect(slopes == [0.25, 0.125, 0.25, 0.5])
    #expect(graph.nodes.first { $0.op is Op.LeakyRelu }?.name == "first/Scaled_1/LeakyRelu_1")
    let outputs = graph.nodes.flatMap(\.outputs)
    #expect(Set(outputs).count == outputs.count)
    #expect(graph.form?.otherSets.isEmpty == true)
  }
}
