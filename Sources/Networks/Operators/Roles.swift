// What operators say of themselves to those who tell them apart: their part in a network, and when they cannot be negative.

extension Op.Conv {
  public var role: OperatorRole { .convolution }
}

extension Op.ConvTranspose {
  public var role: OperatorRole { .convolution }
}

extension Op.Gemm {
  public var role: OperatorRole { .matrixProduct }
}

extension Op.MatMul {
  public var role: OperatorRole { .matrixProduct }
}

extension Op.BatchNormalization {
  public var role: OperatorRole { .normalization }
}

extension Op.LayerNormalization {
  public var role: OperatorRole { .layerNormalization }
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
}

extension Op.Split {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Slice {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Pad {
  public var sign: SignBehaviour { .ofAll }
}

extension Op.Flatten {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Reshape {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Squeeze {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Unsqueeze {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Transpose {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Resize {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Dropout {
  public var sign: SignBehaviour { .ofFirst }
}

extension Op.Identity {
  public var sign: SignBehaviour { .ofFirst }
}
