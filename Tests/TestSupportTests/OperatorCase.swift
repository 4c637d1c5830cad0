import Foundation
import Networks
import Tensors
import TestSupport

/// One application of an operator as onnxruntime ran it (`Resources/make_operator_cases.py`).
struct OperatorCase: Decodable {
  struct Value: Decodable {
    var shape: [Int]
    var data: [Double]
    var integers: Bool

    var tensor: Tensor<Double> { Tensor(data, shape: Shape(shape)) }
  }

  var inputs: [Value?]
  var outputs: [Value]

  /// Every case, by name.
  static let all: [String: OperatorCase] = {
    let url = testResource("operator-cases.json")
    guard let data = try? Data(contentsOf: url) else { return [:] }
    return (try? JSONDecoder().decode([String: OperatorCase].self, from: data)) ?? [:]
  }()

  /// An equation that is known to be right.
  private static func einsum(_ equation: String) -> any Networks.Operator {
    guard let op = try? Op.Einsum(equation) else { preconditionFailure(equation) }
    return op
  }

  /// A graph of one node, whose floating-point inputs are fed and whose integers are constants.
  func twin(_ op: any Networks.Operator, training: Bool = false) throws -> Twin {
    var editor = GraphEditor(name: "case")
    let names: [String?] = inputs.enumerated().map { position, value in
      guard let value else { return nil }
      if value.integers {
        return editor.add(.int64(value.tensor.map { Int64($0.clamped) }), named: "x\(position)")
      }
      editor.inputs.append(GraphInput(name: editor.freshName("x\(position)"), dimensions: value.shape.map { .fixed($0) }))
      return "x\(position)"
    }
    editor.outputs = editor.add(op, named: "node", inputs: names, outputs: outputs.indices.map { "y\($0)" })
    return Twin(try editor.graph(), training: training)
  }

  /// What is fed to ``twin(_:training:)``.
  var feeds: [String: Tensor<Double>] {
    var feeds: [String: Tensor<Double>] = [:]
    for (position, value) in inputs.enumerated() {
      if let value, !value.integers { feeds["x\(position)"] = value.tensor }
    }
    return feeds
  }

  /// The operators of the cases.
  static let operators: [String: any Networks.Operator] = {
    func window(
      _ strides: [Int] = [], dilations: [Int] = [], begin: [Int] = [], end: [Int] = [], ceil: Bool = false
    ) -> Window {
      Window(strides: strides, dilations: dilations, padding: .explicit(begin: begin, end: end), ceilMode: ceil)
    }
    func window(_ strides: [Int], _ padding: Padding) -> Window { Window(strides: strides, padding: padding) }
    let padded = window([2, 2], begin: [1, 0], end: [1, 1])
    var operators: [String: any Networks.Operator] = [
      "conv": Op.Conv(group: 2, window: window([2, 1], dilations: [1, 2], begin: [1, 0], end: [2, 1])),
      "conv same upper": Op.Conv(window: window([2, 3], .sameUpper)),
      "conv same lower": Op.Conv(window: window([1, 2], .sameLower)),
      "conv valid": Op.Conv(window: window([2, 2], .valid)),
      "conv 1-d": Op.Conv(window: window([2], begin: [1], end: [2])),
      "conv 3-d": Op.Conv(window: window(begin: [1, 0, 1], end: [0, 1, 0])),
      "transposed": Op.ConvTranspose(
        group: 2, window: window([2, 3], dilations: [2, 1], begin: [1, 0], end: [2, 1]), outputPadding: [1, 2]),
      "transposed same upper": Op.ConvTranspose(window: window([2, 3], .sameUpper)),
      "transposed same lower": Op.ConvTranspose(window: window([3, 2], .sameLower)),
      "transposed valid": Op.ConvTranspose(window: window([2, 3], .valid)),
      "transposed to a shape": Op.ConvTranspose(window: window([2, 2]), outputShape: [7, 9]),
      "gemm": Op.Gemm(alpha: 0.5, beta: 2, transposeA: true, transposeB: true), "gemm column": Op.Gemm(),
      "matmul": Op.MatMul(), "matmul vector left": Op.MatMul(), "matmul vector right": Op.MatMul(),
      "matmul vectors": Op.MatMul(),
      "batch norm": Op.BatchNormalization(epsilon: 0.01), "batch norm in training": Op.BatchNormalization(epsilon: 0.01),
      "instance norm": Op.InstanceNormalization(epsilon: 0.01), "instance norm of groups": Op.InstanceNormalization(),
      "ceil": Op.Ceil(), "floor": Op.Floor(), "round": Op.Round(), "sign": Op.Sign(), "sine": Op.Sin(), "cosine": Op.Cos(),
      "tile": Op.Tile(), "repeat": Op.Tile(), "einsum": einsum("bid,bjd->bij"), "einsum of heads": einsum("bywhc,hkc->bywhk"),
      "einsum, vectors": einsum("ij, ij -> i"), "einsum, outer": einsum("i,j"),
      "layer norm": Op.LayerNormalization(epsilon: 0.01), "layer norm of maps": Op.LayerNormalization(axis: 1),
      "depth to space": Op.DepthToSpace(blockSize: 2), "pixel shuffle": Op.DepthToSpace(blockSize: 2, mode: .columnRowDepth),
      "space to depth": Op.SpaceToDepth(blockSize: 3),
      "lrn": Op.LRN(size: 3, alpha: 0.5, beta: 0.6, bias: 1.5),
      "relu": Op.Relu(), "leaky relu": Op.LeakyRelu(alpha: 0.1), "prelu": Op.PRelu(), "clip": Op.Clip(), "clip above": Op.Clip(),
      "sigmoid": Op.Sigmoid(), "hard sigmoid": Op.HardSigmoid(alpha: 0.3, beta: 0.4), "hard swish": Op.HardSwish(),
      "tanh": Op.Tanh(), "elu": Op.Elu(alpha: 0.7), "softmax": Op.Softmax(axis: 1), "log softmax": Op.LogSoftmax(),
      "max pool": Op.MaxPool(kernel: [3, 2], window: window([2, 2], dilations: [1, 2], begin: [1, 0], end: [1, 1])),
      "max pool ceil": Op.MaxPool(kernel: [3, 3], window: window([2, 2], ceil: true)),
      "max pool same": Op.MaxPool(kernel: [3, 2], window: window([2, 2], .sameLower)),
      "average pool": Op.AveragePool(kernel: [3, 2], window: padded),
      "average pool with padding": Op.AveragePool(kernel: [3, 2], window: padded, countsPadding: true),
      "average pool ceil": Op.AveragePool(kernel: [3, 3], window: window([2, 2], ceil: true)),
      "average pool same": Op.AveragePool(kernel: [3, 3], window: window([2, 2], .sameUpper)),
      "global average pool": Op.GlobalAveragePool(), "global max pool": Op.GlobalMaxPool(),
      "mean": Op.ReduceMean(keepsAxes: false), "mean kept": Op.ReduceMean(), "mean of all": Op.ReduceMean(),
      "mean of none": Op.ReduceMean(emptyMeansNone: true),
      "add": Op.Add(), "sub": Op.Sub(), "mul": Op.Mul(), "div": Op.Div(), "integer quotient": Op.Div(), "sum": Op.Sum(),
      "concat": Op.Concat(axis: -2), "split": Op.Split(axis: 1), "split unevenly": Op.Split(), "slice": Op.Slice(),
      "slice from behind": Op.Slice(),
      "pad constant": Op.Pad(), "pad reflect": Op.Pad(mode: .reflect), "pad edge": Op.Pad(mode: .edge), "pad some axes": Op.Pad(),
      "flatten": Op.Flatten(axis: -2), "reshape": Op.Reshape(), "squeeze": Op.Squeeze(), "squeeze all": Op.Squeeze(),
      "unsqueeze": Op.Unsqueeze(), "transpose": Op.Transpose(permutation: [2, 0, 1]), "transpose reversed": Op.Transpose(),
      "expand": Op.Expand(), "dropout": Op.Dropout(), "identity": Op.Identity(), "constant of shape": Op.ConstantOfShape(),
      "cast": Op.Cast(to: .integer), "cast to bool": Op.Cast(to: .bool),
      "shape": Op.ShapeOf(start: 1, end: -1), "gather": Op.Gather(axis: 1),
      "gather one": Op.Gather(),
      "linear scales": Op.Resize(mode: .linear),
      "selu": Op.Selu(), "celu": Op.Celu(alpha: 0.7), "thresholded relu": Op.ThresholdedRelu(alpha: 0.6),
      "softplus": Op.Softplus(),
      "softsign": Op.Softsign(), "gelu": Op.Gelu(), "gelu by tanh": Op.Gelu(approximatesByTanh: true), "mish": Op.Mish(),
      "erf": Op.Erf(), "exp": Op.Exp(), "abs": Op.Abs(), "neg": Op.Neg(), "log": Op.Log(), "sqrt": Op.Sqrt(),
      "reciprocal": Op.Reciprocal(), "pow": Op.Pow(), "min": Op.Min(), "max": Op.Max(), "logic Equal": Op.Equal(),
      "logic Greater": Op.Greater(), "logic GreaterOrEqual": Op.GreaterOrEqual(), "logic Less": Op.Less(),
      "logic LessOrEqual": Op.LessOrEqual(), "logic And": Op.And(), "logic Or": Op.Or(), "logic Not": Op.Not(),
      "where": Op.Where(), "mod": Op.Mod(), "mod like C": Op.Mod(hasSignOfDividend: true), "range": Op.RangeOf(),
      "scatter": Op.ScatterND(),
      "scatter rows": Op.ScatterND(),
      "gather parts": Op.GatherND(), "gather in batches": Op.GatherND(batchAxes: 1), "one hot": Op.OneHot(axis: 1),
      "one hot last": Op.OneHot(), "eye": Op.EyeLike(offset: 1), "eye of integers": Op.EyeLike(offset: -1, target: .integer),
      "running sum": Op.CumSum(), "running sum exclusive": Op.CumSum(isExclusive: true),
      "running sum reversed": Op.CumSum(isReversed: true),
      "running sum exclusive and reversed": Op.CumSum(isExclusive: true, isReversed: true), "non-zero": Op.NonZero(),
      "cubic scales": Op.Resize(mode: .cubic), "cubic to one": Op.Resize(mode: .cubic),
      "reduce Sum": Op.ReduceSum(), "reduce Max": Op.ReduceMax(), "reduce Min": Op.ReduceMin(), "reduce Prod": Op.ReduceProd(),
      "reduce L1": Op.ReduceL1(), "reduce L2": Op.ReduceL2(), "reduce SumSquare": Op.ReduceSumSquare(),
    ]
    for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] {
      operators["nearest \(rounding)"] = Op.Resize(rounding: ResizeRounding(rawValue: rounding)!)
    }
    for name in ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"] {
      let coordinates = ResizeCoordinates(rawValue: name)!
      operators["linear \(name)"] = Op.Resize(mode: .linear, coordinates: coordinates)
      operators["nearest \(name)"] = Op.Resize(coordinates: coordinates, rounding: .floor)
      operators["cubic \(name)"] = Op.Resize(mode: .cubic, coordinates: coordinates)
      operators["cubic \(name) inside"] = Op.Resize(
        mode: .cubic, coordinates: coordinates, cubicCoefficient: -0.5, excludesOutside: true)
    }
    for mode in Op.GridSample.Mode.allCases {
      for padding in Op.GridSample.Padding.allCases {
        operators["sample \(mode) \(padding)"] = Op.GridSample(mode: mode, padding: padding)
        operators["sample \(mode) \(padding) corners"] = Op.GridSample(mode: mode, padding: padding, alignsCorners: true)
      }
    }
    return operators
  }()
}

extension Double {
  /// JSON's 2⁶³ does not fit an `Int`.
  fileprivate var clamped: Double { Swift.min(Swift.max(self, -0x1p62), 0x1p62) }
}
