import Networks
import Tensors
import TestSupport
import Testing

@Suite struct CanonizerTests {
  @Test(arguments: TinyNetworks.all().map(\.name)) func tinyNetworksLoseTheirBatchNorms(name: String) throws {
    let graph = try #require(TinyNetworks.all().first { $0.name == name }).graph
    let canonized = try graph.canonized()
    #expect(!canonized.operators.contains("BatchNormalization"))
    try expectSame(canonized, graph)
  }

  @Test func shapeArithmeticOfPyTorchBecomesATarget() throws {
    var b = TestGraph([2, 4, 4])
    let x = b.add(Op.Relu(), "input")
    let batch = b.add(Op.Gather(), b.add(Op.ShapeOf(), x), b.editor.add(.int64(Tensor(scalar: 0)), named: "zero"))
    let first = b.add(Op.Unsqueeze(), batch, b.integers([0]))
    let rest = b.add(Op.ConstantValue(value: .integers([-1])))
    let flat = b.add(Op.Reshape(), x, b.add(Op.Concat(axis: 0), first, rest))
    let graph = try b.graph(b.add(Op.Gemm(transposeB: true), flat, b.weight("w", [3, 32])))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Relu", "Reshape", "Gemm"])
    let target = try #require(canonized.nodes[1].inputs[1])
    #expect(canonized.constants[target]?.integers == [0, 32])
    try expectSame(canonized, graph)
  }

  @Test func resizeBySizesOfTheBatchKeepsTheSizesThatChange() throws {
    var b = TestGraph([2, 3, 5])
    let batch = b.add(Op.ShapeOf(end: 2), "input")
    let sizes = b.add(Op.Concat(axis: 0), batch, b.integers([6, 15]))
    let graph = try b.graph(b.add(Op.Resize(mode: .linear), "input", nil, nil, sizes))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Resize"])
    #expect((canonized.nodes[0].op as? Op.Resize)?.axes == [2, 3])
    let kept = try #require(canonized.nodes[0].inputs[3])
    #expect(canonized.constants[kept]?.integers == [6, 15])
    try expectSame(canonized, graph)
  }

  @Test func whatDoesNothingIsDroppedAndResultsKeepTheirNames() throws {
    var b = TestGraph([2, 4, 4])
    var x = b.add(Op.Dropout(), b.add(Op.Identity(), "input"))
    x = b.conv(x, 2, 3)
    x = b.add(Op.Cast(to: .float), b.add(Op.Reshape(), x, b.integers([0, 3, 4, 4])))
    x = b.add(Op.Pad(), b.add(Op.Transpose(permutation: [0, 1, 2, 3]), x), b.integers([Int](repeating: 0, count: 8)))
    x = b.add(Op.Slice(), x, b.integers([0]), b.integers([4]), b.integers([2]))
    let graph = try b.graph(b.add(Op.Concat(axis: 1), x))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv"])
    try expectSame(canonized, graph)
  }

  @Test func reversingSlicesAndRealTransposesStay() throws {
    var b = TestGraph([2, 4, 4])
    let x = b.add(Op.Slice(), "input", b.integers([3]), b.integers([-9]), b.integers([2]), b.integers([-1]))
    let graph = try b.graph(b.add(Op.Transpose(permutation: [0, 1, 3, 2]), x))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Slice", "Transpose"])
    try expectSame(canonized, graph)
  }

  @Test func aWeightBehindIdentityAndTransposeIsFoundAndFolded() throws {
    var b = TestGraph([2, 4, 4])
    let stored = b.weight("stored", [3, 3, 2, 5])
    let weight = b.add(Op.Transpose(permutation: [3, 2, 0, 1]), b.add(Op.Identity(), stored))
    let graph = try b.graph(b.norm(b.add(Op.Conv(), "input", weight), 5))
    #expect(graph.linearLayers.count == 1)
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv"])
    try expectSame(canonized, graph)
  }

  @Test func batchNormFoldsIntoGroupedTransposedAndLinearLayers() throws {
    var b = TestGraph([4, 5, 5])
    var x = b.norm(b.conv("input", 4, 6, group: 2, bias: false, named: "grouped"), 6, named: "bn1")
    let weight = b.weight("up.weight", [6, 2, 3, 3])
    x = b.norm(b.add(Op.ConvTranspose(group: 3, window: Window(strides: [2, 2])), b.add(Op.Relu(), x), weight), 6, named: "bn2")
    x = b.add(Op.Flatten(), b.add(Op.GlobalAveragePool(), b.add(Op.Relu(), x)))
    let linear = b.add(Op.Gemm(alpha: 0.5, beta: 2), x, b.weight("fc.weight", [6, 7]), b.weight("fc.bias", [1, 7]))
    let graph = try b.graph(b.norm(linear, 7, named: "bn3"))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", "Relu", "ConvTranspose", "Relu", "GlobalAveragePool", "Flatten", "Gemm"])
    try expectSame(canonized, graph)
  }

  @Test func sharedWeightsAreCopiedBeforeTheyAreScaled() throws {
    var b = TestGraph([3, 4, 4])
    let weight = b.weight("shared.weight", [3, 3, 1, 1])
    let first = b.norm(b.add(Op.Conv(), "input", weight), 3)
    let graph = try b.graph(b.add(Op.Conv(), b.add(Op.Relu(), first), weight))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", "Relu", "Conv"])
    #expect(canonized.constants["shared.weight"] == graph.constants["shared.weight"])
    try expectSame(canonized, graph)
  }

  @Test func batchNormStaysWhereTheLayerHasAnotherReader() throws {
    var b = TestGraph([3, 4, 4])
    let x = b.conv("input", 3, 3)
    let graph = try b.graph(b.add(Op.Add(), b.norm(x, 3), x))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", "BatchNormalization", "Add"])
    try expectSame(canonized, graph)
  }

  @Test func batchNormInFrontFoldsOnlyWithoutPadding() throws {
    for (padding, operators) in [(0, ["Relu", "Conv"]), (1, ["Relu", "BatchNormalization", "Conv"])] {
      var b = TestGraph([4, 5, 5])
      let graph = try b.graph(b.conv(b.norm(b.add(Op.Relu(), "input"), 4), 4, 6, padding: padding, group: 2))
      let canonized = try graph.canonized()
      #expect(canonized.operators == operators)
      try expectSame(canonized, graph)
    }
  }

  @Test func aScaleInFrontFoldsDespitePadding() throws {
    var b = TestGraph([4, 5, 5])
    let scaled = b.add(Op.Mul(), b.add(Op.Relu(), "input"), b.weight("scale", [4, 1, 1]))
    let graph = try b.graph(b.conv(scaled, 4, 6, padding: 1))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Relu", "Conv"])
    try expectSame(canonized, graph)
  }

  @Test func kerasHeadsBecomeOneLinearLayer() throws {
    var b = TestGraph([2, 4])
    let flat = b.add(Op.Flatten(), "input")
    let product = b.add(Op.MatMul(), flat, b.weight("dense.kernel", [8, 5]), named: "dense/MatMul")
    let sum = b.add(Op.Add(), product, b.weight("dense.bias", [5]))
    let scaled = b.add(Op.Div(), b.add(Op.Sub(), b.weight("offset", [1, 5]), sum), b.weight("divisor", [5], around: 2))
    let graph = try b.graph(b.add(Op.Softmax(), scaled))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Flatten", "Gemm", "Softmax"])
    #expect(canonized.layers.map(\.name) == ["Flatten_0", "dense.MatMul", graph.layers.last?.name])
    try expectSame(canonized, graph)
  }

  @Test func scalarsAndPixelsAreToldFromChannels() throws {
    var b = TestGraph([3, 4, 4])
    let half = b.add(Op.Mul(), b.conv("input", 3, 4), b.editor.add(.float(Tensor(scalar: 0.5)), named: "half"))
    // A vector of 4 broadcasts along the width, not the channels.
    let graph = try b.graph(b.add(Op.Add(), half, b.weight("columns", [4])))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", "Add"])
    try expectSame(canonized, graph)
  }

  @Test func aScaleBehindABatchNormJoinsIt() throws {
    var b = TestGraph([3, 4, 4])
    let norm = b.norm(b.add(Op.Relu(), "input"), 3)
    let scaled = b.add(Op.Mul(), norm, b.weight("scale", [1, 3, 1, 1]))
    let graph = try b.graph(b.add(Op.Relu(), b.add(Op.Add(), scaled, b.weight("shift", [3, 1, 1]))))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Relu", "BatchNormalization", "Relu"])
    try expectSame(canonized, graph)
  }

  @Test func aBorderOfZerosBecomesPadding() throws {
    var b = TestGraph([3, 5, 6])
    let padded = b.add(Op.Pad(), "input", b.integers([0, 0, 1, 0, 0, 0, 2, 1]))
    let weight = b.weight("weight", [4, 3, 3, 3])
    let same = b.add(Op.Conv(window: Window(strides: [2, 2], padding: .sameLower)), padded, weight)
    let ones = b.editor.add(.float(Tensor(scalar: 1)), named: "one")
    let other = b.add(Op.Pad(), same, b.integers([1, 1, 1, 1]), ones, b.integers([2, 3]))
    let graph = try b.graph(b.add(Op.Conv(), other, b.weight("last", [2, 4, 3, 3])))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Conv", "Pad", "Conv"])
    try expectSame(canonized, graph)
  }

  @Test func transposesOfChannelsLastNetworksCancel() throws {
    var b = TestGraph([5, 6, 3])
    let toFirst = b.add(Op.Transpose(permutation: [0, 3, 1, 2]), "input")
    let toLast = b.add(Op.Transpose(permutation: [0, 2, 3, 1]), b.conv(toFirst, 3, 4, named: "first"))
    let again = b.add(Op.Transpose(permutation: [0, 3, 1, 2]), b.add(Op.Relu(), b.add(Op.Sigmoid(), toLast)))
    let last = b.add(Op.Transpose(permutation: [0, 2, 3, 1]), b.conv(again, 4, 2, named: "second"))
    let graph = try b.graph(b.add(Op.Transpose(permutation: [0, 1, 3, 2]), last))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Transpose", "Conv", "Sigmoid", "Conv", "Transpose"])
    #expect((canonized.nodes.last?.op as? Op.Transpose)?.permutation == [0, 2, 1, 3])
    try expectSame(canonized, graph)
  }

  @Test func aTransposeWithOtherReadersStays() throws {
    var b = TestGraph([4, 4, 4])
    let t = b.add(Op.Transpose(permutation: [0, 2, 3, 1]), "input")
    let relu = b.add(Op.Relu(), t)
    let back = b.add(Op.Transpose(permutation: [0, 3, 1, 2]), relu)
    let graph = try b.graph(b.add(Op.Add(), relu, back))
    let canonized = try graph.canonized()
    #expect(canonized.operators == ["Transpose", "Relu", "Transpose", "Add"])
    try expectSame(canonized, graph)
  }
}
