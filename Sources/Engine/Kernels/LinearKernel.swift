import Networks
import Tensors

/// A kernel of an operator that is linear in its input: what LRP rules are made of.
///
/// A rule needs two things of a layer: its product with changed weights, and the transposed product.
protocol LinearKernel: Kernel {
  /// The input's name.
  var input: String { get }
  /// The weight's name.
  var weight: String { get }
  /// The bias's name, if there is one.
  var bias: String? { get }

  /// The greatest sum of the magnitudes of the weights that lead to one output.
  func growth(_ builder: PlanBuilder) -> Double

  /// Appends `weights · input + bias` with changed parameters; no bias at all if its form is nil.
  func product(_ builder: PlanBuilder, _ input: Slot, weights: ParameterForm, bias: ParameterForm?) throws -> Slot

  /// Appends the transposed product: from a gradient at the output to one at the input, in the layout of the input's value.
  func transposedProduct(_ builder: PlanBuilder, _ gradient: Slot, weights: ParameterForm) throws -> Slot

  /// Appends the gradients of weight and bias, row-major in the parameters' own shapes.
  func parameterGradients(_ builder: PlanBuilder, _ gradient: Slot, input: Slot) throws -> (weight: Slot, bias: Slot?)
}

extension LinearKernel {
  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    inputs[0].map { growth(builder) * $0 + (bias.flatMap(builder.bound) ?? 0) }
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    var result: [Slot?] = [wanted[0] ? try transposedProduct(builder, gradient, weights: .asIs) : nil, nil, nil]
    if wanted.dropFirst().contains(true) {
      (result[1], result[2]) = try parameterGradients(builder, gradient, input: builder.slot(of: input))
    }
    return Array(result.prefix(wanted.count))
  }
}

extension PlanBuilder {
  /// Whether a node is a layer that ``product(_:_:weights:bias:)`` takes.
  public func isLinear(_ node: Node) -> Bool { kernels[node.id] is any LinearKernel }

  /// Appends `weights · input + bias` of a convolution or linear layer, with changed parameters.
  ///
  /// - Parameter bias: nil leaves the bias out.
  /// - Returns: a slot with the shape of the node's output.
  /// - Throws: `EspalierError` if the node is not such a layer.
  public func product(_ node: Node, _ input: Slot, weights: ParameterForm, bias: ParameterForm?) throws -> Slot {
    try naming(location: node.label) { try linear(node).product(self, input, weights: weights, bias: bias) }
  }

  /// Appends the transposed product of a convolution or linear layer, with changed weights.
  ///
  /// - Returns: a slot in the layout of the node's input.
  /// - Throws: `EspalierError` if the node is not such a layer.
  public func transposedProduct(_ node: Node, _ gradient: Slot, weights: ParameterForm) throws -> Slot {
    try naming(location: node.label) { try linear(node).transposedProduct(self, gradient, weights: weights) }
  }

  func linear(_ node: Node) throws -> any LinearKernel {
    guard let kernel = kernels[node.id] as? any LinearKernel else {
      throw EspalierError("\(node.op.name) is not a layer with constant weights", accepted: "Conv, ConvTranspose, Gemm or MatMul")
    }
    return kernel
  }
}
