import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// ONNX's own test cases of every operator, through the twin and through the engine.
@Suite struct NodeCaseTests {
  /// Cases that are left out, by a part of their names, each with the reason.
  static let excluded: [(part: String, reason: String)] = [
    ("training_mode", "further outputs: running statistics are the trainer's affair"),
    ("dropout_default_mask", "a second output, the mask"),
    ("layer_normalization", "further outputs: means and deviations; onnxruntime's numbers are among those of the twin"),
    ("with_argmax", "a second output, the positions of the maxima"),
    ("gridsample_bicubic", "a mode of GridSample that is refused"), ("gridsample_volumetric", "maps of three axes are refused"),
    ("gridsample_cubic", "a mode of GridSample that is refused"),
    ("antialias", "Resize with antialias is refused"),
    ("half_pixel_symmetric", "coordinates of Resize that are refused"),
    ("tf_crop_and_resize", "coordinates of Resize that are refused"),
    ("nearest_not_", "Resize that keeps the aspect ratio is refused"),
    ("downsample_scales_cubic_align_corners", "expects a length that is no integer, as the next"),
    ("downsample_scales_linear_align_corners", "expects a length that is no integer; onnxruntime and PyTorch differ from it too"),
    ("last_window_starts_on_pad", "expects numbers rounded to four digits"),
    ("test_shape", "a shape depends on no element: folded ahead, nothing to run"),
    ("test_constant", "depends on no input: nothing to run"),
    ("reshape_allowzero_reordered", "a batch of no samples"),
    ("split_zero_size_splits", "a batch of no samples"), ("empty_set", "a batch of no samples"),
    ("test_ceil", "folded ahead"), ("test_floor", "folded ahead"), ("test_round", "folded ahead"), ("test_sign", "folded ahead"),
    ("test_sin", "folded ahead"), ("test_cos", "folded ahead"), ("test_tile", "folded ahead"), ("test_mod", "folded ahead"),
    ("test_scatternd", "folded ahead"), ("test_onehot", "folded ahead"), ("test_eyelike", "folded ahead"),
    ("test_nonzero", "folded ahead"), ("test_reduce_l", "folded ahead"),
    ("test_reduce_max", "folded ahead"), ("test_reduce_min", "folded ahead"),
    ("test_reduce_prod", "folded ahead"), ("test_reduce_sum_square", "folded ahead"), ("test_equal", "folded ahead"),
    ("test_greater", "folded ahead"), ("test_less", "folded ahead"), ("test_not", "folded ahead"), ("test_and", "folded ahead"),
    ("test_or", "folded ahead"), ("test_where", "folded ahead"), ("test_max_int", "folded ahead"),
    ("test_min_int", "folded ahead"),
    ("test_max_example", "three operands"), ("test_min_example", "three operands"), ("test_pow", "exponents of several elements"),
  ]

  /// Operators whose operands may all be fed; of the others only the first input is, and the rest are constants.
  static let symmetric: Set<String> = [
    "Add", "Sub", "Mul", "Div", "Sum", "Concat", "MatMul", "Gemm", "PRelu", "Min", "Max", "GridSample",
  ]

  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON")) func agree() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Resources/write_node_cases.py")
    try withTemporaryFolder { folder in
      try Python.run(
        try String(contentsOf: script, encoding: .utf8), [folder.path] + OperatorCatalog.all.map { $0.name })
      let cases = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(cases.count > 200)
      for name in cases where !NodeCaseTests.excluded.contains(where: { name.contains($0.part) }) {
        do { try check(folder.appendingPathComponent(name), name) } catch { Issue.record(error, "\(name)") }
      }
    }
  }

  private func check(_ folder: URL, _ name: String) throws {
    let node = try ONNXTestCase.load(folder).graph.nodes.first
    let first = node?.inputs.first ?? nil
    let all = NodeCaseTests.symmetric.contains(node?.op.name ?? "")
    let example = try ONNXTestCase.load(folder) { input, value in
      value.floats != nil && value.shape.rank > 0 && (all || input == first)
    }
    let tolerance = Tolerance(absolute: 1e-5, relative: 1e-5)
    let expected = example.outputs.compactMapValues(\.floats)
    let data = example.inputs.compactMapValues(\.floats)
    let values = Twin(example.graph).forward(data.mapValues(\.doubles))
    for (output, tensor) in expected { expectClose(values[output]!, tensor, tolerance, "\(name), twin: \(output)") }
    let results = try run(example.graph.canonized(), data, batch: data.values.first?.shape[0] ?? 1)
    for (output, tensor) in expected { expectClose(results[output]!, tensor, tolerance, "\(name): \(output)") }
  }
}
