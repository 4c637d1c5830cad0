import Networks
import Tensors
import TestSupport
import Testing

/// Operators that others take the place of, against the twin, which computes them as they are.
@Suite struct DecompositionTests {
  private static func floats(_ values: [Float], _ shape: Shape, _ b: inout TestGraph) -> String {
    b.editor.add(.float(Tensor(values, shape: shape)), named: "floats")
  }

  @Test(arguments: [
    "instance norm", "instance norm of groups", "sum of magnitudes", "root of squares", "squares", "repeat", "heads", "outer",
    "vectors", "tokens", "pixels of channels", "shuffled pixels", "channels of pixels",
  ])
  func equalTheTwin(name: String) throws {
    var b = TestGraph([3, 4, 5])
    let (spatial, ones) = (b.integers([0, 3, 4, 5]), b.integers([1]))
    let output: String
    switch name {
    case "instance norm":
      let (scale, bias) = (Self.floats([0.5, -1, 2], [3], &b), Self.floats([1, 0, -2], [3], &b))
      output = b.add(Op.InstanceNormalization(epsilon: 0.01), "input", scale, bias)
    case "instance norm of groups":
      let (one, zero, groups) = (Self.floats([1], [1], &b), Self.floats([0], [1], &b), b.integers([0, 1, -1]))
      let grouped = b.add(Op.Reshape(), "input", groups)
      let normalised = b.add(Op.InstanceNormalization(), grouped, one, zero)
      output = b.add(Op.Reshape(), normalised, spatial)
    case "sum of magnitudes":
      let axes = b.integers([1, -1])
      output = b.add(Op.ReduceL1(), "input", axes)
    case "root of squares":
      let axes = b.integers([2])
      output = b.add(Op.ReduceL2(keepsAxes: false), "input", axes)
    case "squares":
      let axes = b.integers([3])
      output = b.add(Op.ReduceSumSquare(), "input", axes)
    case "repeat":
      let repeats = b.integers([1, 3, 1, 1])
      let mean = b.add(Op.ReduceMean(), "input", ones)
      output = b.add(Op.Tile(), mean, repeats)
    case "heads":
      let weights = Self.floats((0..<30).map { Float($0 % 7) - 3 }, [3, 2, 5], &b)
      output = b.add(try Op.Einsum("nchw,cvw->nchv"), "input", weights)
    case "outer":
      let factors = Self.floats([2, -1], [2], &b)
      output = b.add(try Op.Einsum("nchw,k->nkwhc"), "input", factors)
    case "pixels of channels", "shuffled pixels":
      let shape = b.integers([0, 12, 1, 5])
      let wide = b.add(Op.Reshape(), "input", shape)
      output = b.add(Op.DepthToSpace(blockSize: 2, mode: name == "shuffled pixels" ? .columnRowDepth : .depthColumnRow), wide)
    case "channels of pixels":
      let shape = b.integers([0, 3, 2, 10])
      output = b.add(Op.SpaceToDepth(blockSize: 2), b.add(Op.Reshape(), "input", shape))
    case "vectors": output = b.add(try Op.Einsum("nchw,nchw->nch"), "input", "input")
    default: output = b.add(try Op.Einsum("nchw,ncvw->nchv"), "input", "input")
    }
    let graph = try b.graph(output)
    let canonized = try graph.canonized()
    let replaced: Set = [
      "InstanceNormalization", "ReduceL1", "ReduceL2", "ReduceSumSquare", "Tile", "Einsum", "DepthToSpace", "SpaceToDepth",
    ]
    #expect(replaced.isDisjoint(with: canonized.operators), "\(canonized.operators)")
    for batch in [1, 3] {
      for (actual, expected) in zip(canonized.twinOutputs(batch: batch), graph.twinOutputs(batch: batch)) {
        expectClose(actual, expected, Tolerance(absolute: 1e-6, relative: 1e-6), name)
      }
    }
  }

  /// Weights that are normalised by their own statistics are constants.
  @Test func weightsAreStandardised() throws {
    let weights = (0..<12).map { Float($0 * $0 % 11) }
    var b = TestGraph([3])
    let constants = [
      Self.floats(weights, [1, 4, 3], &b), Self.floats([1, 2, 3, 4], [4], &b), Self.floats([0, 0, 0, 1], [4], &b),
      Self.floats([9, 9, 9, 9], [4], &b),
    ]
    let shape = b.integers([4, 3])
    let rows = b.add(
      Op.BatchNormalization(epsilon: 1e-3, usesOwnStatistics: true), constants[0], constants[1], constants[2], constants[3],
      constants[3])
    let matrix = b.add(Op.Reshape(), rows, shape)
    let graph = try b.graph(b.add(Op.Gemm(transposeB: true), "input", matrix)).canonized()
    let name = try #require(graph.nodes[0].inputs[1])
    let folded = try #require(graph.constants[name]?.floats)
    let expected = (0..<4).flatMap { row -> [Double] in
      let values = weights[row * 3..<row * 3 + 3].map(Double.init)
      let mean = values.reduce(0, +) / 3
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3
      return values.map { ($0 - mean) / (variance + 1e-3).squareRoot() * Double(row + 1) + (row == 3 ? 1 : 0) }
    }
    expectClose(folded.map(Double.init), Tensor(expected, shape: [4, 3]), Tolerance(absolute: 1e-6, relative: 1e-6), "weights")
  }
}
