import Networks
import Tensors
import Testing

/// Nothing that a file can hold may trap: whatever the attributes and shapes, inference answers or throws.
@Suite struct HostileInputTests {
  private var random = Philox(seed: 11)
  private let extremes = [Int.min, -1 << 40, -2, -1, 0, 1, 1, 1, 1, 2, 2, 3, 5, 1 << 30, 1 << 36, 1 << 62, Int.max]

  private mutating func pick<Element>(_ from: [Element]) -> Element { from[Int(random.next() % UInt64(from.count))] }

  private mutating func integers(_ most: Int = 5) -> [Int] {
    let count = Int(random.next() % UInt64(most + 1))
    return (0..<count).map { _ in pick(extremes) }
  }

  private mutating func shape() -> Shape {
    let lengths = (0..<Int(random.next() % 6)).map { _ in pick([0, 1, 1, 2, 2, 2, 4, 4, 7, 1 << 30, 1 << 36]) }
    return (try? Shape(validating: lengths)) ?? [2, 4, 5, 5]
  }

  private mutating func fact() -> Fact {
    let kind = random.next() % 4
    if kind == 0 { return Fact(.integers(integers())) }
    let shape = shape()
    guard kind == 1, shape.count < 1000 else { return Fact(shape) }
    return Fact(.float(Tensor((0..<shape.count).map { _ in pick([-1, 0, 0.5, 3, .nan, .infinity, 1e38]) }, shape: shape)))
  }

  private mutating func window() -> Window {
    Window(
      strides: integers(3), dilations: pick([[], integers(3)]),
      padding: pick([.explicit(begin: integers(3), end: integers(3)), .sameUpper, .sameLower, .valid]),
      ceilMode: pick([true, false]))
  }

  private mutating func operators() -> [any Networks.Operator] {
    let axis = pick(extremes)
    let value = pick([Constant.integers([3]), .float(Tensor([0, 1], shape: [2])), .int64(Tensor(scalar: 1))])
    let einsum: any Networks.Operator = (try? Op.Einsum(pick(["ab,bc", "a,a->a", "abc->cab"]))) ?? Op.Identity()
    return [
      Op.Conv(group: pick(extremes), window: window()),
      Op.ConvTranspose(group: pick(extremes), window: window(), outputPadding: integers(3), outputShape: integers(3)),
      Op.Gemm(transposeA: pick([true, false]), transposeB: pick([true, false])), Op.MatMul(), Op.BatchNormalization(),
      Op.LRN(size: axis), Op.LayerNormalization(axis: axis), Op.InstanceNormalization(), Op.Ceil(), Op.Floor(), Op.Round(),
      Op.Sign(), Op.Sin(), Op.Cos(), Op.Tile(), einsum,
      Op.SpaceToDepth(blockSize: axis, mode: pick(Op.DepthToSpace.Mode.allCases)),
      Op.DepthToSpace(blockSize: axis, mode: pick(Op.DepthToSpace.Mode.allCases)),
      Op.BatchNormalization(usesOwnStatistics: true), Op.Relu(), Op.LeakyRelu(), Op.PRelu(), Op.Clip(), Op.Sigmoid(),
      Op.HardSigmoid(), Op.HardSwish(),
      Op.Tanh(),
      Op.Elu(), Op.Softmax(axis: axis), Op.LogSoftmax(axis: axis), Op.MaxPool(kernel: integers(3), window: window()),
      Op.AveragePool(kernel: integers(3), window: window()), Op.GlobalAveragePool(), Op.GlobalMaxPool(), Op.ReduceMean(),
      Op.Add(),
      Op.Sub(), Op.Mul(), Op.Div(), Op.Sum(), Op.Concat(axis: axis), Op.Split(axis: axis), Op.Slice(),
      Op.Pad(mode: pick([.constant, .reflect, .edge, .wrap])), Op.Flatten(axis: axis),
      Op.Reshape(allowsZero: pick([true, false])),
      Op.Squeeze(), Op.Unsqueeze(), Op.Transpose(permutation: pick([[], [1, 0], integers()])), Op.Resize(), Op.Expand(),
      Op.Dropout(),
      Op.Identity(), Op.ConstantValue(value: value), Op.ConstantOfShape(value: value), Op.Cast(to: pick(CastTarget.allCases)),
      Op.ShapeOf(start: axis, end: pick(extremes)), Op.Gather(axis: axis), Op.Selu(), Op.Celu(), Op.ThresholdedRelu(),
      Op.Softplus(),
      Op.Softsign(), Op.Gelu(), Op.Mish(), Op.Swish(), Op.Erf(), Op.Exp(), Op.Log(), Op.Sqrt(), Op.Abs(), Op.Neg(),
      Op.Reciprocal(),
      Op.Min(), Op.Max(), Op.Pow(), Op.Equal(), Op.Greater(), Op.GreaterOrEqual(), Op.Less(), Op.LessOrEqual(), Op.Not(),
      Op.And(),
      Op.Or(), Op.Where(), Op.Mod(), Op.Mod(hasSignOfDividend: true), Op.RangeOf(), Op.ScatterND(), Op.ReduceSum(),
      Op.ReduceMax(), Op.ReduceMin(keepsAxes: false), Op.ReduceProd(),
      Op.GatherND(batchAxes: axis), Op.OneHot(axis: axis), Op.EyeLike(offset: axis, target: pick([nil, .integer])), Op.NonZero(),
      Op.CumSum(isExclusive: pick([true, false]), isReversed: pick([true, false])),
      Op.Resize(mode: .cubic, excludesOutside: true),
      Op.GridSample(mode: pick(Op.GridSample.Mode.allCases), padding: pick(Op.GridSample.Padding.allCases)),
      Op.ReduceL1(emptyMeansNone: true), Op.ReduceL2(), Op.ReduceSumSquare(),
    ]
  }

  @Test mutating func inferenceNeverTraps() {
    var answers: Set<String> = []
    for round in 0..<400 {
      for op in operators() {
        let most = min(type(of: op).arity.upperBound, 5)
        let inputs = (0..<max(most, 1)).map { _ in random.next() % 8 == 0 ? nil : fact() }
        let outputs = 1 + round % 3
        guard let facts = try? op.infer(inputs, outputs: outputs) else { continue }
        answers.insert(op.name)
        _ = op.cost(inputs: inputs.map { $0?.shape }, outputs: facts.map(\.shape))
      }
    }
    #expect(answers.count >= 36, "\(answers.sorted())")
    #expect(Set(operators().map(\.name)) == Set(OperatorCatalog.all.map { $0.name }))
  }
}
