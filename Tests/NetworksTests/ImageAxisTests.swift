import Networks
import Tensors
import TestSupport
import Testing

/// Where the images of a batch lie in a value, and what becomes of networks that mix them.
@Suite struct ImageAxisTests {
  /// The operators beside the positionwise ones (``PositionwiseOperator``) that are computed element by element, for which nothing
  /// says where images lie: a new one belongs here, or says so.
  static let elementwise: Set<String> = ["PRelu", "Dropout", "Identity", "Cast", "Constant", "ConstantOfShape"]
  /// Those that say where images lie.
  static let told: Set<String> = [
    "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "LayerNormalization", "LRN", "Softmax", "LogSoftmax",
    "MaxPool", "AveragePool",
    "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "Concat", "Split", "Slice", "Pad", "Flatten", "Reshape", "Squeeze",
    "Unsqueeze", "Transpose", "Resize", "Expand", "Shape", "Gather", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd",
    "ReduceL1", "ReduceL2", "ReduceSumSquare", "Range", "ScatterND", "InstanceNormalization", "Einsum", "Tile",
    "DepthToSpace", "SpaceToDepth", "GatherND", "OneHot", "EyeLike", "CumSum", "NonZero", "GridSample",
  ]

  @Test func everyOperatorIsTold() {
    for type in OperatorCatalog.all {
      let isElementwise = type is any PositionwiseOperator.Type || Self.elementwise.contains(type.name)
      #expect(isElementwise != Self.told.contains(type.name), "say where images lie in \(type.name), or list it here")
    }
  }

  private func axis(_ lengths: [Int], _ build: (inout TestGraph) -> String) throws -> ImageAxis? {
    var b = TestGraph(lengths)
    let output = build(&b)
    return try b.graph(output).imageAxes()["output"]
  }

  @Test func tokensAndWindowsAreRowsOfTheirImage() throws {
    #expect(try axis([6, 8]) { b in b.add(Op.Reshape(), "input", b.integers([-1, 8])) } == .along(axis: 0, outer: 1, inner: 6))
    // Windows of 2 × 2 out of 4 × 4 positions.
    #expect(
      try axis([3, 4, 4]) { b in
        let cut = b.add(Op.Reshape(), "input", b.integers([-1, 3, 2, 2, 2, 2]))
        return b.add(Op.Reshape(), b.add(Op.Transpose(permutation: [0, 2, 4, 3, 5, 1]), cut), b.integers([-1, 4, 3]))
      } == .along(axis: 0, outer: 1, inner: 4))
    #expect(
      try axis([6, 8]) { b in
        b.add(Op.Reshape(), b.add(Op.Transpose(permutation: [1, 0, 2]), "input"), b.integers([-1, 8]))
      } == .along(axis: 0, outer: 6, inner: 1))
    #expect(try axis([5]) { b in b.add(Op.Transpose(), "input") } == .along(axis: 1, outer: 1, inner: 1))
    #expect(
      try axis([5]) { b in
        let halves = b.add(Op.Concat(axis: 0), "input", b.add(Op.Relu(), "input"))
        return halves
      } == .along(axis: 0, outer: 2, inner: 1))
  }

  @Test func whatMixesImagesIsSeen() throws {
    func isMixed(_ lengths: [Int], _ build: (inout TestGraph) -> String) throws -> Bool {
      if case .mixed = try axis(lengths, build) { true } else { false }
    }
    #expect(try isMixed([6]) { b in b.add(Op.Sub(), "input", b.add(Op.ReduceMean(), "input", b.integers([0]))) })
    #expect(try isMixed([6]) { b in b.add(Op.MatMul(), "input", b.add(Op.Transpose(), "input")) })
    #expect(try isMixed([6]) { b in b.add(Op.Softmax(axis: 0), "input") })
    #expect(
      try isMixed([6]) { b in
        b.add(Op.Reshape(), b.add(Op.Transpose(), "input"), b.integers([-1, 6]))
      })
  }

  /// Shapes alone would let it pass: at batch 2 each row would hold elements of both images.
  @Test func aBatchOfOneIsNotFreedWhereThatMixesImages() throws {
    var b = TestGraph([4], batch: .fixed(1))
    let flat = b.add(Op.Reshape(), b.add(Op.Transpose(permutation: [1, 0]), "input"), b.integers([-1]))
    let graph = try b.graph(b.add(Op.Gemm(), b.add(Op.Reshape(), flat, b.integers([1, 4])), b.weight("w", [4, 3])))
    let result = graph.withSymbolicBatch()
    #expect(result.reason?.contains("batch of 1 stays fixed") == true)
    #expect(result.graph.inputs == graph.inputs)
  }

  @Test func aDeclaredSymbolicBatchThatMixesImagesIsRunImageByImage() throws {
    var b = TestGraph([4])
    let centred = b.add(Op.Sub(), "input", b.add(Op.ReduceMean(), "input", b.integers([0])))
    let graph = try b.graph(b.add(Op.Gemm(), centred, b.weight("w", [4, 3])))
    let result = graph.withSymbolicBatch()
    #expect(result.reason?.contains("one by one") == true)
    #expect(result.graph.fixedBatch == 1)
    #expect(try result.graph.restoringDeclaredBatch().inputs == graph.inputs)
    #expect(try result.graph.restoringDeclaredBatch().metadata == graph.metadata)
  }

  /// Indices that follow from the batch are folded for one image: what is written must not promise more.
  @Test func numbersOfOneImageKeepItsBatch() throws {
    var b = TestGraph([4])
    let (zero, one) = (b.integers([0]), b.integers([1]))
    let rows = b.add(Op.Gather(), b.add(Op.ShapeOf(start: 0, end: 1), "input"), zero)
    let (start, step) = (
      b.editor.add(.int64(Tensor([0], shape: [])), named: "start"), b.editor.add(.int64(Tensor([1], shape: [])), named: "step")
    )
    let count = b.add(Op.Squeeze(), rows, zero)
    let reversed = b.add(Op.Sub(), b.add(Op.Sub(), rows, one), b.add(Op.RangeOf(), start, count, step))
    let graph = try b.graph(b.add(Op.Gemm(), b.add(Op.Gather(), "input", reversed), b.weight("w", [4, 3])))
    let result = graph.withSymbolicBatch()
    #expect(result.reason?.contains("takes one image") == true, "\(result.reason ?? "")")
    #expect(try result.graph.restoringDeclaredBatch().inputs[0].dimensions == [.fixed(1), .fixed(4)])
  }

  /// The same of an axis that the file leaves open.
  @Test func numbersOfAHeightKeepIt() throws {
    for isFolded in [true, false] {
      var b = TestGraph([3])
      b.editor.inputs[0].dimensions += [.symbolic("H"), .fixed(4)]
      let (axes, range) = (b.integers([2, 3]), b.integers([2]))
      let lengths = b.add(Op.ShapeOf(start: 2, end: 3), "input")
      let ends = b.add(Op.Sub(), lengths, b.integers([1]))
      let cut = isFolded ? b.add(Op.Slice(), "input", b.integers([0]), ends, range) : "input"
      let graph = try b.graph(b.add(Op.ReduceMean(keepsAxes: false), cut, axes)).closing(["H": 8])
      #expect(graph.keepsGivenLengths == isFolded)
      #expect(try graph.restoringDeclaredBatch().openAxes == (isFolded ? [] : ["H"]))
    }
  }

  @Test func aTargetOfOneRowIsRunImageByImage() throws {
    var b = TestGraph([6, 1, 1])
    let flat = b.add(Op.Reshape(), "input", b.integers([1, 6]))
    let graph = try b.graph(b.add(Op.Gemm(), flat, b.weight("w", [6, 3])))
    let result = graph.withSymbolicBatch()
    #expect(result.graph.fixedBatch == 1)
    #expect(try result.graph.facts(batch: 1)["output"]?.shape == [1, 3])
  }

  /// `x.squeeze()` drops what has length 1 whatever the batch, not the batch where that is 1.
  @Test func squeezeWithoutAxesKeepsTheBatch() throws {
    var b = TestGraph([6, 1, 1])
    let graph = try b.graph(b.add(Op.Gemm(), b.add(Op.Squeeze(), "input"), b.weight("w", [6, 3])))
    #expect(graph.withSymbolicBatch().reason == nil)
    let canonized = try graph.canonized()
    #expect(try canonized.facts(batch: 1)["output"]?.shape == [1, 3])
    try expectSame(canonized, graph, batches: [2, 3])
  }
}
