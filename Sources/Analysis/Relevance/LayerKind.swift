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
  /// A sum of values that depend on the input: a residual connection. A difference of two maps is none; relevance is treated as a
  /// gradient there, so that the second map gets −R.
  case sum
  /// A product of values that depend on the input: a gate, such as that of squeeze and excitation; an activation that is written
  /// as one (SiLU) is an activation. No named composite has a rule for it: as in zennit, relevance is treated as a gradient
  /// there, both factors get some, and it is not conserved.
  case product
  /// An average over windows or whole feature maps.
  case averagePool
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
      case .matrixProduct: isConstant(1) ? .dense : .other
      case .rectifier: .relu
      case .activation: .activation
      case .sum: isOfMaps ? .sum : .other
      case .product: isOfMaps ? .product : .other
      case .average: LayerKind.normalises(node, graph) ? .other : .averagePool
      case .normalization: .batchNorm
      case .difference, .quotient, .maximum, .other: .other
      }
  }

  /// Whether a mean is one over the last axis alone that keeps it: part of a layer normalisation that is written out, which
  /// zennit has no rule for.
  private static func normalises(_ node: Node, _ graph: Graph) -> Bool {
    guard let mean = node.op as? Op.ReduceMean, mean.keepsAxes, node.inputs.count > 1, let axes = node.inputs[1] else {
      return false
    }
    return graph.constants[axes]?.integers == [-1]
  }
}
