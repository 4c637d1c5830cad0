// What operators say of themselves to those who tell them apart: their part in a network, when they cannot be negative, how their
// elements come from those of their inputs, and what of them is trained.

extension Op.Conv {
  public var role: OperatorRole { .convolution }
  public var trainable: [Int: ParameterRole] { [1: .weight, 2: .bias] }
}

extension Op.ConvTranspose {
  public var role: OperatorRole { .convolution }
  public var trainable: [Int: ParameterRole] { [1: .weight, 2: .bias] }
}

extension Op.Gemm {
  public var role: OperatorRole { .matrixProduct }
  public var trainable: [Int: ParameterRole] { [1: .weight, 2: .bias] }
}

extension Op.MatMul {
  public var role: OperatorRole { .matrixProduct }
  public var trainable: [Int: ParameterRole] { [0: .weight, 1: .weight] }
}

extension Op.BatchNormalization {
  public var role: OperatorRole { .normalization }
  public var trainable: [Int: ParameterRole] { [1: .normScale, 2: .normBias] }
}

extension Op.LayerNormalization {
  public var role: OperatorRole { .layerNormalization }
  public var trainable: [Int: ParameterRole] { [1: .normScale, 2: .normBias] }
}

extension Op.LRN {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Relu {
  public var role: OperatorRole { .rectifier }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.LeakyRelu {
  public var role: OperatorRole { .activation }
}

extension Op.PRelu {
  public var role: OperatorRole { .activation }
  public var elements: ElementFlow { .positionwise }
  public var trainable: [Int: ParameterRole] { [1: .slope] }
}

extension Op.Clip {
  public var role: OperatorRole { .activation }
}

extension Op.Sigmoid {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.HardSigmoid {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.HardSwish {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Tanh {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Elu {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Selu {
  public var role: OperatorRole { .activation }
}

extension Op.Celu {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ThresholdedRelu {
  public var role: OperatorRole { .activation }
}

extension Op.Softplus {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.Softsign {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Gelu {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Mish {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Swish {
  public var role: OperatorRole { .activation }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Softmax {
  public var role: OperatorRole { .softmax }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.Erf {
  public var role: OperatorRole { .function }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Exp {
  public var role: OperatorRole { .function }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.Log {
  public var role: OperatorRole { .function }
}

extension Op.Neg {
  public var role: OperatorRole { .function }
}

extension Op.Sqrt {
  public var role: OperatorRole { .function }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.Abs {
  public var role: OperatorRole { .function }
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.Reciprocal {
  public var role: OperatorRole { .reciprocal }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.MaxPool {
  public var role: OperatorRole { .maximum }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.AveragePool {
  public var role: OperatorRole { .average }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.GlobalAveragePool {
  public var role: OperatorRole { .average }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.GlobalMaxPool {
  public var role: OperatorRole { .maximum }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ReduceMean {
  public var role: OperatorRole { .average }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ReduceSum {
  public var role: OperatorRole { .total }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ReduceMax {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ReduceMin {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ReduceProd {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.ReduceL1 {
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.ReduceL2 {
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.ReduceSumSquare {
  public var sign: SignBehaviour { .nonnegative }
}

extension Op.Add {
  public var role: OperatorRole { .sum }
  public var sign: SignBehaviour { .ofAll }
  public var trainable: [Int: ParameterRole] { [0: .bias, 1: .bias] }
}

extension Op.Sum {
  public var role: OperatorRole { .sum }
  public var sign: SignBehaviour { .ofAll }
}

extension Op.Sub {
  public var role: OperatorRole { .difference }
}

extension Op.Mul {
  public var role: OperatorRole { .product }
  public var sign: SignBehaviour { .ofAll }
}

extension Op.Div {
  public var role: OperatorRole { .quotient }
  public var sign: SignBehaviour { .ofAll }
}

extension Op.Min {
  public var sign: SignBehaviour { .ofAll }
}

extension Op.Max {
  public var sign: SignBehaviour { .ofAll }
}

extension Op.Pow {
  public var role: OperatorRole { .function }
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Concat {
  public var sign: SignBehaviour { .ofAll }
  public var elements: ElementFlow { .moved }
}

extension Op.Split {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .moved }
}

extension Op.Slice {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .moved }
}

extension Op.Pad {
  public var sign: SignBehaviour { .ofAll }
  public var elements: ElementFlow { .moved }
}

extension Op.Flatten {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .reshaped }
}

extension Op.Reshape {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .reshaped }
}

extension Op.Squeeze {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .reshaped }
}

extension Op.Unsqueeze {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .reshaped }
}

extension Op.Transpose {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .moved }
}

extension Op.Resize {
  public var sign: SignBehaviour { mode == .cubic ? .any : .ofFirst }
  public var elements: ElementFlow { mode == .nearest ? .moved : .mixed }
}

extension Op.Dropout {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .copied }
}

extension Op.Identity {
  public var sign: SignBehaviour { .ofFirst }
  public var elements: ElementFlow { .copied }
}

extension Op.Gather {
  public var elements: ElementFlow { .moved }
}

extension Op.Expand {
  public var elements: ElementFlow { .moved }
}

extension Op.Tile {
  public var elements: ElementFlow { .moved }
}

extension Op.ScatterND {
  public var elements: ElementFlow { .moved }
}

extension Op.Cast {
  public var elements: ElementFlow { .positionwise }
}
