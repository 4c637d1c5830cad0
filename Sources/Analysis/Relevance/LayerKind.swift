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
  /// A product of matrices that is no linear layer: both depend on the input, as in attention, or the second one alone.
  case matrixProduct
  /// A softmax that is not the network's head.
  case softmax
  /// A normalisation by mean and deviation of the values themselves: layer norm, and what is computed as one.
  case layerNorm
  /// A sum of values that depend on the input: a residual connection.
  case sum
  /// A difference of values that depend on the input. Composites of convolutional networks have no rule for it: relevance is
  /// treated as a gradient there, so that the second map gets −R.
  case difference
  /// A sum or difference with a constant that is not folded into a layer: a position embedding, an attention mask.
  case offset
  /// A product of values that depend on the input: a gate, such as that of squeeze and excitation; an activation that is written
  /// as one (SiLU) is an activation. Composites of convolutional networks have no rule for it: as in zennit, relevance is treated
  /// as a gradient there, both factors get some, and it is not conserved.
  case product
  /// A quotient of values that depend on the input, or a product with a reciprocal: a normalisation that is written out.
  case quotient
  /// A product or quotient with a constant that is not folded into a layer.
  case scale
  /// A function of single numbers that is no activation, such as a root or a power.
  case function
  /// An average over windows or whole feature maps.
  case averagePool
  /// A sum over axes, or a mean over the last one that keeps it, as a layer normalisation is written out with.
  case reduction
  /// A batch norm that is not folded into a layer.
  case batchNorm
  /// Anything else.
  case other

  /// The kind of a node.
  public init(_ node: Node, in graph: Graph) {
    func isConstant(_ position: Int) -> Bool {
      node.inputs.count > position && node.inputs[position].map { graph.constants[$0] != nil } ?? false
    }
    let isOfMaps = !node.inputs.indices.contains(where: isConstant)
    self =
      switch node.op.role {
      case .convolution: .convolution
      case .matrixProduct: isConstant(1) ? .dense : .matrixProduct
      case .rectifier: .relu
      case .activation: .activation
      case .sum: isOfMaps ? .sum : .offset
      case .difference: isOfMaps ? .difference : .offset
      case .product: !isOfMaps ? .scale : LayerKind.divides(node, graph) ? .quotient : .product
      case .quotient: isOfMaps ? .quotient : isConstant(0) ? .function : .scale
      case .reciprocal: .function
      case .function: node.inputs.count < 2 || isConstant(1) ? .function : .other
      case .softmax: .softmax
      case .average: LayerKind.normalises(node, graph) ? .reduction : .averagePool
      case .total: .reduction
      case .normalization: .batchNorm
      case .layerNormalization: .layerNorm
      case .maximum, .other: .other
      }
  }

  /// Whether one of a product's factors is a reciprocal.
  private static func divides(_ node: Node, _ graph: Graph) -> Bool {
    node.inputs.contains { $0.flatMap { graph.producer(of: $0) }?.op.role == .reciprocal }
  }

  /// Whether a mean is one over the last axis alone that keeps it: part of a layer normalisation that is written out, which
  /// is no pool.
  private static func normalises(_ node: Node, _ graph: Graph) -> Bool {
    guard let mean = node.op as? Op.ReduceMean, mean.keepsAxes, node.inputs.count > 1, let axes = node.inputs[1] else {
      return false
    }
    return graph.constants[axes]?.integers == [-1]
  }
}
