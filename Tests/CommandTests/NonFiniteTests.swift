import Foundation
import Networks
import ONNX
import Storage
import TestSupport
import Tensors
import Testing

/// Numbers that are none are never results: a run stops, and names the image and the layer.
@Suite struct NonFiniteTests {
  /// Writes `model.onnx`, two convolutions with weights of one size each, and `data.h5`: three images of zeros, and one of ones
  /// at a position.
  private func withNetwork(weights: (Float, Float), ones position: Int, of value: Float = 1, _ body: (URL) throws -> Void) throws
  {
    try withTemporaryFolder { folder in
      var editor = GraphEditor(name: "large")
      editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(2), .fixed(4), .fixed(4)])]
      func weight(_ name: String, _ value: Float, _ shape: Shape) -> String {
        // Both signs, so that infinities meet and cancel.
        editor.add(
          .float(Tensor((0..<shape.count).map { $0 % 2 == 0 ? value : -value / 2 }, shape: shape)), named: name)
      }
      var x = editor.add(Op.Conv(), named: "conv1", inputs: ["input", weight("w1", weights.0, [3, 2, 1, 1])])
      x = editor.add(Op.Relu(), named: "relu1", inputs: [x])
      x = editor.add(Op.Conv(), named: "conv2", inputs: [x, weight("w2", weights.1, [4, 3, 1, 1])])
      x = editor.add(Op.GlobalAveragePool(), named: "pool", inputs: [x])
      x = editor.add(Op.Flatten(), named: "flatten", inputs: [x])
      editor.outputs = [editor.add(Op.Gemm(transposeB: true), named: "fc", inputs: [x, weight("w3", 1, [2, 4])])]
      try editor.graph().writeONNX(to: folder.appendingPathComponent("model.onnx").path)
      let file = try HDF5File.create(folder.appendingPathComponent("data.h5").path)
      let elements = (0..<4 * 32).map { $0 / 32 == position ? value : 0 }
      try file.write(Tensor(elements, shape: [4, 2, 4, 4]), to: "data")
      try file.write(Tensor<Int64>([0, 1, 0, 1], shape: [4]), to: "label")
      try file.commit()
      try body(folder)
    }
  }

  /// Sums that pass the greatest float in the second convolution.
  @Test func outputsNameTheImageAndTheLayer() throws {
    try withNetwork(weights: (1e25, 1e25), ones: 2) { folder in
      for verb in [
        ["relevance", "--out", "r.h5"], ["relevance", "--attributor", "grad-cam", "--out", "r.h5"],
        ["measure", "--measure", "sparseness"],
      ] {
        let run = try Tool.run([verb[0], "model.onnx", "--data", "hdf5:data.h5", "--quiet"] + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "image 2: the network's output is NaN or infinite, first behind Conv 'conv2'"), "\(run)")
      }
      for verb in [["stats"], ["score", "--criterion", "mean-activation"], ["score", "--criterion", "lrp"]] {
        let run = try Tool.run(
          [verb[0], "model.onnx", "--data", "hdf5:data.h5", "--quiet", "--out", "r.h5"] + verb.dropFirst(), in: folder)
        #expect(run.failed(mentioning: "image 2"), "\(run)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix("r.h5") })
    }
  }

  /// Weights whose product passes the greatest float, over an image so dark that the outputs do not.
  @Test func relevanceNamesTheImageAndTheLayer() throws {
    try withNetwork(weights: (1e20, 1e20), ones: 2, of: 1e-30) { folder in
      let run = try Tool.run(
        "relevance", "model.onnx", "--data", "hdf5:data.h5", "--composite", "gradient", "--quiet", "--out", "r.h5", in: folder)
      #expect(run.failed(mentioning: "image 2: its relevance is NaN or infinite, first behind Conv 'conv1'"), "\(run)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("r.h5").path))
    }
  }

  /// Relevance that float16 cannot hold is not stored as infinity.
  @Test func relevanceBeyondHalfPrecisionIsRefused() throws {
    try withNetwork(weights: (1e6, 1), ones: 1) { folder in
      let base = ["relevance", "model.onnx", "--data", "hdf5:data.h5", "--composite", "gradient", "--quiet", "--out", "r.h5"]
      let half = try Tool.run(base + ["--maps", "float16"], in: folder)
      #expect(half.failed(mentioning: "too large for float16"), "\(half)")
      #expect(try Tool.run(base, in: folder).status == 0)
    }
  }
}
