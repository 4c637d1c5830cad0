import Networks
import TestSupport
import Tensors

extension OperatorCase {
  /// Every operator that the engine runs, in the configurations that differ in how they are computed.
  static let all: [OperatorCase] =
    convolutions + transposedConvolutions + products + normalizations + activations + pools + arithmetic + joining + moving
    + resizing + sampling

  private static func pads(_ begin: [Int], _ end: [Int]) -> Padding { .explicit(begin: begin, end: end) }

  static let convolutions: [OperatorCase] = [
    OperatorCase(
      Op.Conv(window: Window(padding: pads([1, 1], [1, 1]))), .data([2, 3, 6, 5]), .weight([5, 3, 3, 3]), .weight([5])),
    OperatorCase(Op.Conv(window: Window(strides: [2, 2])), .blocked([2, 9, 8, 8]), .weight([13, 9, 3, 3])),
    OperatorCase(Op.Conv(window: Window(strides: [2, 2])), .blocked([1, 8, 8, 8]), .weight([16, 8, 1, 1]), .weight([16])),
    OperatorCase(
      Op.Conv(window: Window(strides: [3, 2], padding: pads([0, 2], [2, 1]))), .blocked([3, 8, 9, 8]), .weight([16, 8, 3, 2])),
    OperatorCase(
      Op.Conv(window: Window(dilations: [2, 3], padding: pads([2, 1], [0, 3]))), .blocked([2, 4, 9, 11]), .weight([10, 4, 3, 3])),
    OperatorCase(
      Op.Conv(window: Window(strides: [2, 2], padding: .sameUpper)), .blocked([2, 8, 7, 8]), .weight([8, 8, 3, 3]), .weight([8])),
    OperatorCase(Op.Conv(window: Window(strides: [2, 2], padding: .sameLower)), .data([1, 3, 7, 8]), .weight([8, 3, 4, 4])),
    OperatorCase(
      Op.Conv(window: Window(strides: [4, 4], padding: pads([2, 2], [2, 2]))), .data([1, 3, 19, 18]), .weight([6, 3, 5, 5])),
    OperatorCase(
      Op.Conv(group: 2, window: Window(padding: pads([1, 1], [1, 1]))), .blocked([2, 6, 5, 5]), .weight([10, 3, 3, 3]),
      .weight([10])),
    OperatorCase(Op.Conv(group: 2), .blocked([2, 16, 5, 5]), .weight([16, 8, 3, 3]), .weight([16])),
    OperatorCase(
      Op.Conv(group: 11, window: Window(padding: pads([1, 1], [1, 1]))), .blocked([2, 11, 6, 6]), .weight([11, 1, 3, 3]),
      .weight([11])),
    OperatorCase(Op.Conv(group: 8, window: Window(strides: [2, 2])), .blocked([1, 8, 7, 7]), .weight([8, 1, 3, 3])),
    OperatorCase(Op.Conv(group: 4), .data([2, 4, 6, 6]), .weight([12, 1, 3, 3])),
    OperatorCase(Op.Conv(window: Window(padding: pads([1], [2]))), .data([2, 5, 9]), .weight([7, 5, 3]), .weight([7])),
    OperatorCase(
      Op.Conv(window: Window(strides: [2, 1, 1], padding: pads([1, 0, 1], [0, 1, 1]))), .data([2, 3, 5, 4, 4]),
      .weight([9, 3, 2, 3, 3]), .weight([9])),
    OperatorCase(Op.Conv(group: 2), .blocked([2, 8, 3, 3, 3]), .weight([8, 4, 2, 2, 2])),
    // Wide enough for Winograd's way; maps that tiles do not divide, channels that blocks do not.
    OperatorCase(
      Op.Conv(window: Window(padding: pads([1, 1], [1, 1]))), .blocked([2, 32, 11, 8]), .weight([33, 32, 3, 3]), .weight([33])),
    OperatorCase(
      Op.Conv(window: Window(padding: pads([0, 2], [1, 0]))), .blocked([2, 33, 7, 10]), .weight([32, 33, 3, 3])),
  ]

  static let transposedConvolutions: [OperatorCase] = [
    OperatorCase(Op.ConvTranspose(), .data([2, 3, 4, 4]), .weight([3, 5, 3, 3]), .weight([5])),
    OperatorCase(
      Op.ConvTranspose(window: Window(strides: [2, 2], padding: pads([1, 1], [1, 1])), outputPadding: [1, 1]),
      .blocked([2, 9, 4, 5]), .weight([9, 11, 3, 3]), .weight([11])),
    OperatorCase(
      Op.ConvTranspose(window: Window(strides: [2, 3]), outputPadding: [1, 2]), .blocked([2, 8, 4, 3]), .weight([8, 8, 2, 2])),
    OperatorCase(
      Op.ConvTranspose(window: Window(strides: [3, 2]), outputShape: [10, 8]), .blocked([1, 8, 3, 3]), .weight([8, 4, 3, 3])),
    OperatorCase(
      Op.ConvTranspose(window: Window(strides: [2, 2], padding: .sameUpper)), .blocked([2, 8, 4, 4]), .weight([8, 8, 3, 3])),
    OperatorCase(
      Op.ConvTranspose(group: 2, window: Window(strides: [2, 2], padding: pads([0, 1], [1, 0]))), .blocked([2, 6, 4, 4]),
      .weight([6, 5, 3, 3]), .weight([10])),
    OperatorCase(Op.ConvTranspose(group: 8, window: Window(strides: [2, 2])), .blocked([2, 8, 4, 4]), .weight([8, 1, 4, 4])),
    OperatorCase(
      Op.ConvTranspose(window: Window(dilations: [2, 2])), .blocked([2, 8, 4, 4]), .weight([8, 9, 3, 3]), .weight([9])),
    OperatorCase(Op.ConvTranspose(window: Window(strides: [2])), .data([2, 3, 6]), .weight([3, 4, 3])),
    OperatorCase(Op.ConvTranspose(window: Window(strides: [2, 1, 2])), .data([1, 3, 3, 3, 2]), .weight([3, 4, 2, 2, 2])),
  ]

  static let products: [OperatorCase] = [
    OperatorCase(Op.Gemm(transposeB: true), .data([3, 7]), .weight([5, 7]), .weight([5])),
    OperatorCase(Op.Gemm(), .data([3, 7]), .weight([7, 5]), .weight([1, 5])),
    OperatorCase(Op.Gemm(), .data([3, 7]), .weight([7, 16])),
    OperatorCase(Op.Gemm(transposeB: true), .data([3, 7]), .weight([5, 7]), .weight([1])),
    OperatorCase(Op.Gemm(), .data([3, 7]), .weight([7, 1]), .weight([])),
    OperatorCase(Op.Gemm(), .data([3, 7]), .weight([7, 5]), .data([3, 5])),
    OperatorCase(Op.Gemm(transposeA: true), .data([3, 3]), .weight([3, 5]), .weight([5]), isPerSample: false),
    OperatorCase(
      Op.Gemm(alpha: 0.5, beta: 2, transposeA: true, transposeB: true), .data([3, 3]), .data([3, 3]), isPerSample: false),
    OperatorCase(Op.TokenLinear(), .data([2, 3, 7]), .weight([7, 5]), .weight([5])),
    OperatorCase(Op.TokenLinear(), .data([2, 3, 4, 7]), .weight([7, 5])),
    OperatorCase(Op.MatMul(), .data([3, 7]), .weight([7, 5])),
    OperatorCase(Op.MatMul(), .data([2, 3, 7]), .weight([7, 5])),
    OperatorCase(Op.MatMul(), .data([2, 4, 3, 7]), .data([2, 4, 7, 5])),
    OperatorCase(Op.MatMul(), .data([2, 1, 3, 7]), .data([2, 4, 7, 5])),
    OperatorCase(Op.MatMul(), .data([2, 3, 7]), .weight([7])),
    OperatorCase(Op.MatMul(), .weight([3]), .data([2, 3, 7])),
    OperatorCase(Op.MatMul(), .weight([4, 3]), .data([2, 3, 7])),
  ]

  static let normalizations: [OperatorCase] = [
    OperatorCase(Op.BatchNormalization(), .data([2, 3, 4, 5]), .weight([3]), .weight([3]), .weight([3]), .positive([3])),
    OperatorCase(
      Op.BatchNormalization(epsilon: 0.1), .blocked([2, 11, 4, 5]), .weight([11]), .weight([11]), .weight([11]), .positive([11])),
    OperatorCase(Op.BatchNormalization(), .data([4, 6]), .weight([6]), .weight([6]), .weight([6]), .positive([6])),
    OperatorCase(Op.BatchNormalization(), .data([2, 6, 7]), .weight([6]), .weight([6]), .weight([6]), .positive([6])),
    OperatorCase(Op.LayerNormalization(epsilon: 0.1), .data([2, 3, 7]), .weight([7]), .weight([7])),
    OperatorCase(Op.LayerNormalization(), .blocked([2, 11, 4, 5]), .weight([5])),
    OperatorCase(Op.LayerNormalization(axis: 1), .blocked([2, 11, 4, 5]), .weight([11, 4, 5]), .weight([11, 4, 5])),
    OperatorCase(Op.LayerNormalization(axis: -2), .data([3, 4, 6]), .weight([4, 6]), .weight([4, 6])),
    OperatorCase(Op.LRN(size: 5, alpha: 0.3, beta: 0.75, bias: 2), .blocked([2, 11, 3, 3])),
    OperatorCase(Op.LRN(size: 4, alpha: 0.5), .data([2, 6, 3, 3])),
    OperatorCase(Op.LRN(size: 3), .data([2, 2, 3])),
  ]

  static let activations: [OperatorCase] = {
    let number: (Float) -> Input = { .constant(.float(Tensor(scalar: $0))) }
    let functions: [(any Operator, [Input])] = [
      (Op.Relu(), []), (Op.LeakyRelu(alpha: 0.2), []), (Op.LeakyRelu(alpha: -0.2), []), (Op.Sigmoid(), []), (Op.Tanh(), []),
      (Op.HardSigmoid(alpha: 0.6, beta: 0.4), []), (Op.HardSwish(), []), (Op.Elu(alpha: 0.7), []), (Op.Elu(alpha: -0.7), []),
      (Op.Selu(), []), (Op.Selu(alpha: 0.5, gamma: 2), []), (Op.Celu(alpha: 0.7), []), (Op.ThresholdedRelu(alpha: 0.3), []),
      (Op.Softplus(), []), (Op.Softsign(), []), (Op.Gelu(), []), (Op.Gelu(approximatesByTanh: true), []), (Op.Mish(), []),
      (Op.Swish(), []), (Op.Swish(alpha: 1.702), []), (Op.Erf(), []), (Op.Exp(), []), (Op.Abs(), []), (Op.Neg(), []),
      (Op.Pow(), [number(2)]), (Op.Pow(), [number(3)]), (Op.Clip(), [number(6), number(0)]),
      (Op.Clip(), []), (Op.Clip(), [number(-0.5), number(0.8)]), (Op.Clip(), [number(0.1)]),
      (Op.Clip(), [.leftOut, number(0.8)]),
      (Op.PRelu(), [.weight([11, 1, 1])]), (Op.PRelu(), [.weight([1])]), (Op.Softmax(axis: 1), []), (Op.Softmax(axis: -1), []),
      (Op.LogSoftmax(axis: 1), []),
    ]
    let shaped = functions.flatMap { op, rest in
      [OperatorCase(op, [.data([2, 11, 3, 4])] + rest), OperatorCase(op, [.blocked([2, 11, 3, 4])] + rest)]
    }
    return shaped + [
      OperatorCase(Op.Softmax(), .data([3, 7])), OperatorCase(Op.LogSoftmax(axis: -1), .data([3, 7])),
      OperatorCase(Op.PRelu(), .data([3, 7]), .weight([7])), OperatorCase(Op.Relu(), .data([5])),
    ]
  }()

  static let pools: [OperatorCase] = {
    let windows: [(kernel: [Int], window: Window)] = [
      ([2, 2], Window(strides: [2, 2])), ([3, 3], Window(strides: [2, 2], padding: pads([1, 1], [1, 1]))),
      ([3, 3], Window(strides: [2, 2], ceilMode: true)), ([3, 2], Window(strides: [3, 2], padding: pads([0, 1], [1, 0]))),
      ([3, 3], Window(strides: [2, 2], padding: .sameUpper)), ([2, 2], Window(strides: [3, 3], padding: .sameLower)),
      ([3, 3], Window(strides: [2, 2], padding: pads([1, 1], [1, 1]), ceilMode: true)), ([3, 3], Window()),
      ([2, 2], Window(strides: [3, 3], ceilMode: true)), ([2, 2], Window(dilations: [2, 3], padding: pads([1, 1], [1, 1]))),
    ]
    let inputs: [Input] = [.data([2, 3, 8, 7]), .blocked([2, 11, 8, 7])]
    return windows.flatMap { kernel, window in
      inputs.flatMap { input in
        [
          OperatorCase(Op.MaxPool(kernel: kernel, window: window), input),
          OperatorCase(Op.AveragePool(kernel: kernel, window: window), input),
          OperatorCase(Op.AveragePool(kernel: kernel, window: window, countsPadding: true), input),
        ]
      }
    } + [
      OperatorCase(Op.MaxPool(kernel: [3], window: Window(strides: [2])), .data([2, 3, 9])),
      OperatorCase(Op.AveragePool(kernel: [3], window: Window(strides: [2], padding: pads([1], [1]))), .data([2, 3, 8])),
      OperatorCase(Op.MaxPool(kernel: [2, 2, 2]), .data([2, 3, 3, 4, 3])),
      OperatorCase(Op.AveragePool(kernel: [2, 2, 2], window: Window(strides: [2, 1, 1])), .blocked([1, 8, 4, 4, 3])),
      OperatorCase(Op.GlobalAveragePool(), .blocked([2, 11, 5, 3])), OperatorCase(Op.GlobalMaxPool(), .blocked([2, 11, 5, 3])),
      OperatorCase(Op.GlobalAveragePool(), .data([2, 3, 5])), OperatorCase(Op.GlobalMaxPool(), .data([2, 3, 2, 2, 3])),
      OperatorCase(Op.ReduceMean(), .blocked([2, 11, 5, 3]), .constant(.integers([2, 3]))),
      OperatorCase(Op.ReduceMean(keepsAxes: false), .data([2, 3, 5, 3]), .constant(.integers([-1, 1]))),
      OperatorCase(Op.ReduceMean(keepsAxes: false), .data([2, 3, 4]), isPerSample: false),
      OperatorCase(Op.ReduceSum(), .blocked([2, 11, 5, 3]), .constant(.integers([2, 3]))),
      OperatorCase(Op.ReduceSum(keepsAxes: false), .data([2, 3, 5, 3]), .constant(.integers([-1, 1]))),
    ]
  }()

  static let arithmetic: [OperatorCase] = {
    let operators: [any Operator] = [Op.Add(), Op.Sub(), Op.Mul(), Op.Min(), Op.Max()]
    let general = operators.flatMap { op in
      [
        OperatorCase(op, .data([2, 3, 4, 5]), .data([2, 3, 4, 5])),
        OperatorCase(op, .blocked([2, 11, 4, 5]), .data([2, 11, 4, 5])),
        OperatorCase(op, .blocked([2, 11, 4, 5]), .blocked([2, 11, 1, 1])),
        OperatorCase(op, .weight([3, 1, 1]), .data([2, 3, 4, 5])),
        OperatorCase(op, .blocked([2, 11, 4, 5]), .weight([11, 1, 1])), OperatorCase(op, .weight([]), .blocked([2, 11, 4, 5])),
        OperatorCase(op, .data([2, 1, 5]), .data([2, 3, 1])),
        OperatorCase(op, .data([2, 5]), .weight([4, 1, 5]), isPerSample: false),
      ]
    }
    return general + [
      OperatorCase(Op.Div(), .data([2, 3, 4, 5]), .positive([3, 1, 1])),
      OperatorCase(Op.Div(), .blocked([2, 11, 4, 5]), .positive([])),
      OperatorCase(Op.Div(), .blocked([2, 11, 4, 5]), .positive([2, 11, 4, 5]), isPerSample: false),
      OperatorCase(Op.Min(), .data([2, 3, 4])), OperatorCase(Op.Max(), .blocked([2, 9, 4, 4])),
      // Of numbers that are far from 0, where it is steep.
      OperatorCase(Op.Log(), .far([2, 3, 4])), OperatorCase(Op.Sqrt(), .far([2, 3])),
      OperatorCase(Op.Reciprocal(), .far([2, 3])),
      OperatorCase(Op.Pow(), .far([2, 3]), .constant(.float(Tensor(scalar: -1.5)))),
      OperatorCase(Op.Sum(), .data([2, 3, 4])), OperatorCase(Op.Sum(), .data([2, 3, 4]), .weight([3, 1]), .data([2, 1, 4])),
      OperatorCase(Op.Sum(), .data([2, 9, 4, 4]), .blocked([2, 9, 4, 4]), .blocked([2, 9, 4, 4])),
    ]
  }()

  static let joining: [OperatorCase] = [
    OperatorCase(Op.Concat(axis: 1), .blocked([2, 8, 3, 3]), .blocked([2, 16, 3, 3]), .blocked([2, 5, 3, 3])),
    OperatorCase(Op.Concat(axis: 1), .blocked([2, 5, 3, 3]), .blocked([2, 8, 3, 3]), .data([2, 3, 3, 3])),
    OperatorCase(Op.Concat(axis: 1), .blocked([2, 8, 3, 3]), .data([2, 8, 3, 3])),
    OperatorCase(Op.Concat(axis: -1), .blocked([2, 8, 3, 3]), .blocked([2, 8, 3, 2])),
    OperatorCase(Op.Concat(axis: 2), .data([2, 3, 4]), .data([2, 3, 1])),
    OperatorCase(Op.Split(axis: 1), .blocked([2, 9, 3, 3]), .constant(.integers([2, 7])), outputs: 2),
    OperatorCase(Op.Split(axis: -1), .data([2, 3, 6]), outputs: 3),
  ]

  static let moving: [OperatorCase] = {
    let integers: ([Int]) -> Input = { .constant(.integers($0)) }
    return [
      OperatorCase(
        Op.Slice(), .blocked([2, 9, 5, 5]), integers([1, -4]), integers([8, 100]), integers([1, 3]), integers([2, 1])),
      OperatorCase(Op.Slice(), .data([2, 5, 6]), integers([-1]), integers([-7]), integers([2]), integers([-2])),
      OperatorCase(
        Op.Pad(), .blocked([2, 9, 3, 4]), integers([0, 0, 1, 2, 0, 0, 3, 1]), .constant(.float(Tensor(scalar: 1.5)))),
      OperatorCase(Op.Pad(), .data([2, 3, 4, 4]), integers([0, 1, -1, 0, 0, 0, 2, -1])),
      OperatorCase(Op.Pad(mode: .reflect), .data([2, 3, 4, 4]), integers([2, 1, 1, 3]), .leftOut, integers([2, 3])),
      OperatorCase(Op.Pad(mode: .edge), .data([2, 3, 4, 4]), integers([0, 0, 2, 1, 0, 0, 1, 3])),
      OperatorCase(Op.Pad(mode: .wrap), .data([2, 3, 4]), integers([0, 0, 2, 0, 0, 3])),
      OperatorCase(Op.Flatten(), .blocked([2, 9, 3, 2])),
      OperatorCase(Op.Flatten(axis: -1), .data([2, 3, 4]), isPerSample: false),
      OperatorCase(Op.Reshape(), .blocked([2, 9, 3, 2]), integers([0, 3, -1])),
      OperatorCase(Op.Squeeze(), .blocked([2, 9, 1, 1]), integers([2, 3])),
      OperatorCase(Op.Unsqueeze(), .data([2, 9]), integers([1, -1])),
      OperatorCase(Op.Transpose(permutation: [0, 2, 3, 1]), .blocked([2, 9, 3, 2])),
      OperatorCase(Op.Expand(), .data([2, 3, 1]), integers([1, 3, 4])),
      // A target that names the batch, as files of a fixed batch do.
      OperatorCase(Op.Expand(), .data([2, 3, 1]), integers([2, 3, 4])),
      OperatorCase(Op.Expand(), .data([2, 3]), integers([3])),
      OperatorCase(Op.Gather(axis: 1), .blocked([2, 9, 3, 2]), integers([8, -9, 3, 3])),
      OperatorCase(Op.Gather(axis: 2), .data([2, 3, 4]), .constant(.int64(Tensor(scalar: 2)))),
      OperatorCase(
        Op.GatherND(batchAxes: 1), .blocked([2, 9, 3, 2]),
        .constant(.int64(Tensor([8, 2, -9, 0, 3, 1, 3, 1], shape: [2, 2, 2]))), isPerSample: false),
      OperatorCase(
        Op.GatherND(), .data([3, 4, 2]), .constant(.int64(Tensor([2, 1, 0, -1], shape: [2, 1, 2]))), isPerSample: false),
      OperatorCase(Op.CumSum(), .data([2, 3, 4]), integers([-1])),
      OperatorCase(Op.CumSum(isExclusive: true, isReversed: true), .blocked([2, 9, 3, 2]), integers([1])),
      OperatorCase(Op.Identity(), .blocked([2, 9, 3, 2])), OperatorCase(Op.Dropout(), .blocked([2, 9, 3, 2])),
      OperatorCase(Op.Cast(to: .float), .data([2, 3])),
    ]
  }()

  static let sampling: [OperatorCase] = Op.GridSample.Mode.allCases.flatMap { mode in
    Op.GridSample.Padding.allCases.flatMap { padding in
      [false, true].map { corners in
        OperatorCase(
          Op.GridSample(mode: mode, padding: padding, alignsCorners: corners), .blocked([2, 9, 3, 4]), .data([2, 5, 3, 2]))
      }
    }
  }

  static let resizing: [OperatorCase] = {
    let floats: ([Float]) -> Input = { .constant(.float(Tensor($0, shape: [$0.count]))) }
    let coordinates: [ResizeCoordinates] = [.halfPixel, .pytorchHalfPixel, .alignCorners, .asymmetric]
    let roundings: [ResizeRounding] = [.roundPreferFloor, .roundPreferCeil, .floor, .ceil]
    let bySize = coordinates.flatMap { position in
      [
        OperatorCase(
          Op.Resize(mode: .linear, coordinates: position), .blocked([2, 9, 3, 4]), .leftOut, .leftOut,
          .constant(.integers([2, 9, 7, 3])),
          isPerSample: false),
        OperatorCase(Op.Resize(mode: .linear, coordinates: position), .data([2, 3, 4, 3]), .leftOut, floats([1, 1, 0.6, 2.5])),
      ]
        + roundings.map { rounding in
          OperatorCase(
            Op.Resize(mode: .nearest, coordinates: position, rounding: rounding), .data([2, 3, 4, 3]), .leftOut,
            floats([1, 1, 0.6, 2.5]))
        }
    }
    let cubic = coordinates.flatMap { position in
      [false, true].flatMap { excludes in
        [
          OperatorCase(
            Op.Resize(mode: .cubic, coordinates: position, cubicCoefficient: -0.6, excludesOutside: excludes),
            .blocked([2, 9, 3, 4]), .leftOut, .leftOut, .constant(.integers([2, 9, 7, 3])), isPerSample: false),
          OperatorCase(
            Op.Resize(mode: .cubic, coordinates: position, excludesOutside: excludes), .data([2, 3, 4, 3]), .leftOut,
            floats([1, 1, 0.6, 2.5])),
        ]
      }
    }
    return bySize + cubic + [OperatorCase(Op.Resize(), .blocked([2, 9, 3, 4]), .leftOut, floats([1, 1, 2, 2]))]
  }()
}
