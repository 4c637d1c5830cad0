import Networks
import Tensors

/// What composites tell apart.
public enum LayerKind: String, Hashable, Sendable, CaseIterable {
  /// A convolution or transposed convolution.
  case convolution
  /// A matrix product with constant weights.
  case dense
  /// A rectifier.
  case relu
  /// Any other activation, ReLU6 among them.
  case activation
  /// A sum of values that depend on the input: a residual connection.
  case sum
  /// A product of values that depend on the input: a gate, such as that of squeeze and excitation.
  case product
  /// An average over windows or whole feature maps.
  case averagePool
  /// A batch norm that is not folded into a layer.
  case batchNorm
  /// Anything else.
  case other

  /// The kind of a node.
  public init(_ node: Node, in graph: Graph) {
    func isConstant(_ place: Int) -> Bool {
      node.inputs.count > place && node.inputs[place].map { graph.constants[$0] != nil } ?? false
    }
    switch node.op {
    case is Op.Conv, is Op.ConvTranspose: self = .convolution
    case is Op.Gemm, is Op.MatMul: self = isConstant(1) ? .dense : .other
    case is Op.Relu: self = .relu
    case is Op.Clip, is Op.LeakyRelu, is Op.PRelu, is Op.Sigmoid, is Op.HardSigmoid, is Op.HardSwish, is Op.Tanh, is Op.Elu:
      self = .activation
    case is Op.Add, is Op.Sum: self = node.inputs.indices.contains(where: isConstant) ? .other : .sum
    case is Op.Mul: self = node.inputs.indices.contains(where: isConstant) ? .other : .product
    case is Op.AveragePool, is Op.GlobalAveragePool, is Op.ReduceMean: self = .averagePool
    case is Op.BatchNormalization: self = .batchNorm
    default: self = .other
    }
  }
}
