import Networks
import Tensors
import TestSupport
import Testing

@Suite struct SymbolicBatchTests {
  /// A channel shuffle, an expanded constant, a resize and a flattening reshape, each with the batch in a constant.
  private func graph(batch: Int) throws -> Graph {
    var b = TestGraph([4, 3, 3], batch: .fixed(batch))
    var x = b.add(Op.Reshape(), "input", b.integers([batch, 2, 2, 3, 3]))
    x = b.add(Op.Reshape(), b.add(Op.Transpose(permutation: [0, 2, 1, 3, 4]), x), b.integers([batch, -1, 3, 3]))
    x = b.add(Op.Mul(), x, b.add(Op.Expand(), b.weight("scale", [1, 4, 1, 1]), b.integers([batch, 4, 1, 1])))
    x = b.add(Op.Add(), x, b.add(Op.ConstantOfShape(value: .float(Tensor([0.5], shape: [1]))), b.integers([batch, 4, 1, 1])))
    x = b.add(Op.Resize(mode: .linear), x, nil, nil, b.integers([batch, 4, 6, 5]))
    x = b.add(Op.Reshape(), x, b.integers([batch, 120]))
    return try b.graph(b.add(Op.Gemm(transposeB: true), x, b.weight("fc", [5, 120])))
  }

  @Test(arguments: [1, 4]) func constantsThatHoldTheBatchFollowIt(batch: Int) throws {
    let graph = try graph(batch: batch)
    let result = graph.withSymbolicBatch()
    #expect(result.reason == nil)
    #expect(result.graph.inputs[0].dimensions[0] == .symbolic("N"))
    #expect(try result.graph.facts(batch: 7)["output"]?.shape == [7, 5])
    try expectSame(result.graph, graph, batches: [batch])
    // The rows of a larger batch are those of the declared one.
    let rows = result.graph.twinOutputs(batch: 2 * batch)[0]
    expectClose(rows.rows(0..<batch), graph.twinOutputs(batch: batch)[0], Tolerance(absolute: 1e-6))
    try expectSame(try result.graph.canonized(), result.graph, batches: [1, 2, 5])
    let restored = try result.graph.restoringDeclaredBatch()
    #expect(restored.inputs == graph.inputs)
    #expect(restored.metadata == graph.metadata)
    #expect(try restored.facts(batch: 9)["output"]?.shape == [batch, 5])
  }

  @Test func aSymbolicBatchStaysAsItIs() throws {
    let graph = TinyNetworks.vgg()
    let result = graph.withSymbolicBatch()
    #expect(result.reason == nil)
    #expect(result.graph.inputs == graph.inputs && result.graph.metadata == graph.metadata)
  }

  @Test func whatMixesImagesIsRefusedWithAReason() throws {
    var b = TestGraph([4], batch: .fixed(2))
    let flat = b.add(Op.Reshape(), b.add(Op.Transpose(permutation: [1, 0]), "input"), b.integers([1, 8]))
    let graph = try b.graph(b.add(Op.Gemm(), flat, b.weight("w", [8, 3])))
    let result = graph.withSymbolicBatch()
    #expect(result.reason?.contains("batch of 2 stays fixed") == true)
    #expect(result.graph.inputs == graph.inputs)
  }
}
