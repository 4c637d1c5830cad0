import Foundation
import Networks
import ONNX
import Tensors

/// A test case as ONNX ships them for each operator: a folder with `model.onnx` and `test_data_set_0/{input,output}_*.pb`.
public struct ONNXTestCase: Sendable {
  /// The model, with the inputs that are not fed turned into constants.
  public var graph: Graph
  /// What is fed, by the input's name.
  public var inputs: [String: Constant]
  /// What is expected, by the output's name.
  public var outputs: [String: Constant]

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - folder: the test case's folder.
  ///   - feeds: whether an input is fed rather than made a constant. By default floating-point arrays with an axis are.
  /// - Throws: `EspalierError` if a file is missing or has something that Espalier does not run.
  public static func load(
    _ folder: URL, feeds: (_ input: String, _ value: Constant) -> Bool = { $1.floats != nil && $1.shape.rank > 0 }
  ) throws -> ONNXTestCase {
    let data = folder.appendingPathComponent("test_data_set_0")
    let inputs = Dictionary(try tensors("input", in: data)) { first, _ in first }
    let graph = try Graph(
      onnx: folder.appendingPathComponent("model.onnx").path, fixing: inputs.filter { !feeds($0.key, $0.value) },
      allowingNaN: true)
    // Files that leave the names out list the results in the graph's order.
    let outputs = zip(graph.outputs, try tensors("output", in: data)).map { name, result in
      (result.0.isEmpty ? name : result.0, result.1)
    }
    return ONNXTestCase(
      graph: graph, inputs: inputs.filter { feeds($0.key, $0.value) }, outputs: Dictionary(outputs) { first, _ in first })
  }

  private static func tensors(_ kind: String, in folder: URL) throws -> [(String, Constant)] {
    var tensors: [(String, Constant)] = []
    while true {
      let file = folder.appendingPathComponent("\(kind)_\(tensors.count).pb").path
      guard FileManager.default.fileExists(atPath: file) else { return tensors }
      tensors.append(try Constant.readONNXTensor(file))
    }
  }
}
