import COneDNN
import Networks
import Tensors

/// A linear layer `[N, K] → [N, M]` or `[N, …, K] → [N, …, M]` with constant weights, by oneDNN, which sees rows.
final class InnerProductKernel: LinearKernel {
  let weight: String
  let bias: String?

  private let label: String
  let input: String
  private let output: String
  /// The shapes of input and output.
  private let inputShape: Shape
  private let outputShape: Shape
  /// The same as matrices.
  private let source: Shape
  private let target: Shape
  private let weightStrides: [Int]
  private let op: Op.Gemm
  private var forwards: [Bool: Primitive] = [:]

  /// Makes the kernel, or nil where the product is of another kind (see ``MatrixProductKernel``).
  ///
  /// - Parameter isOfTokens: whether the input may have more axes than two.
  init?(_ op: Op.Gemm, _ context: NodeContext, _ builder: PlanBuilder, isOfTokens: Bool = false) throws {
    guard let (name, tensor) = context.parameter(1, builder), builder.parameters[try context.input(0)] == nil,
      try context.shape(0).rank == 2 || isOfTokens, tensor.shape.rank == 2, !op.transposeA, context.outputs[0].shape.count > 0
    else { return nil }
    let columns = context.outputs[0].shape[-1]
    var bias: String?
    if context.optionalInput(2) != nil {
      guard let (name, tensor) = context.parameter(2, builder), tensor.count == columns,
        tensor.shape.rank == 0 || tensor.shape[-1] == columns
      else { return nil }
      bias = name
    }
    self.op = op
    self.bias = bias
    weight = name
    (label, input, output) = (context.node.label, try context.input(0), context.node.outputs[0])
    (inputShape, outputShape) = (try context.shape(0), context.outputs[0].shape)
    (source, target) = (inputShape.asMatrix, outputShape.asMatrix)
    weightStrides = op.transposeB ? [tensor.shape[1], 1] : [1, tensor.shape[1]]
  }

  private var weightShape: [Int] { [target[1], source[1]] }

  func growth(_ builder: PlanBuilder) -> Double {
    Double(abs(op.alpha)) * (builder.parameters[weight]?.greatestSum(along: op.transposeB ? 0 : 1) ?? 0)
  }

  func forward(_ builder: PlanBuilder) throws {
    builder.define(output, try product(builder, builder.slot(of: input), weights: .asIs, bias: .asIs))
  }

  func product(_ builder: PlanBuilder, _ input: Slot, weights: ParameterForm, bias form: ParameterForm?) throws -> Slot {
    let biasName = form == nil ? nil : bias
    let primitive = try forwardPrimitive(hasBias: biasName != nil)
    var reads = [
      (DNNL_ARG_SRC, try matrix(builder, input, inputShape)),
      (DNNL_ARG_WEIGHTS, try weightSlot(builder, weights, primitive.layout(of: DNNL_ARG_WEIGHTS))),
    ]
    if let biasName, let form {
      let plain = try dnnl_memory_desc_t.rowMajor([target[1]])
      reads.append(
        (
          DNNL_ARG_BIAS,
          builder.parameter(try builder.parameters.copy(of: biasName, form: form, factor: op.beta, source: plain, target: plain))
        ))
    }
    let result = builder.allocate(.plain(outputShape), name: output)
    builder.addPrimitive(label, primitive, reads: reads, writes: [(DNNL_ARG_DST, try matrix(builder, result, outputShape))])
    return result
  }

  func transposedProduct(_ builder: PlanBuilder, _ gradient: Slot, weights: ParameterForm) throws -> Slot {
    let primitive = try primitive(.backwardData, hint: forwardPrimitive(hasBias: false))
    let result = builder.allocate(.plain(inputShape), name: input)
    builder.addPrimitive(
      label, primitive,
      reads: [
        (DNNL_ARG_DIFF_DST, try matrix(builder, gradient, outputShape)),
        (DNNL_ARG_WEIGHTS, try weightSlot(builder, weights, primitive.layout(of: DNNL_ARG_WEIGHTS))),
      ], writes: [(DNNL_ARG_DIFF_SRC, try matrix(builder, result, inputShape))])
    return try builder.reorder(result, to: builder.layout(builder.slot(of: input)))
  }

  func parameterGradients(_ builder: PlanBuilder, _ gradient: Slot, input: Slot) throws -> (weight: Slot, bias: Slot?) {
    guard op.alpha == 1, op.beta == 1 else {
      throw EspalierError("a Gemm with alpha \(op.alpha) and beta \(op.beta) cannot be trained", accepted: "alpha 1 and beta 1")
    }
    let primitive = try primitive(.backwardWeights, hint: forwardPrimitive(hasBias: bias != nil), hasBias: bias != nil)
    let raw = builder.allocate(primitive.layout(of: DNNL_ARG_DIFF_WEIGHTS), name: weight)
    var writes = [(DNNL_ARG_DIFF_WEIGHTS, raw)]
    var biasGradient: Slot?
    if let bias {
      biasGradient = builder.allocate(.plain(builder.parameters[bias]!.shape), name: bias)
      writes.append((DNNL_ARG_DIFF_BIAS, biasGradient!))
    }
    builder.addPrimitive(
      label, primitive,
      reads: [
        (DNNL_ARG_SRC, try matrix(builder, input, inputShape)),
        (DNNL_ARG_DIFF_DST, try matrix(builder, gradient, outputShape)),
      ],
      writes: writes)
    return (try builder.gradient(of: weight, from: raw, ordered: .strided(weightShape, weightStrides)), biasGradient)
  }

  /// A slot as rows of the last axis.
  private func matrix(_ builder: PlanBuilder, _ slot: Slot, _ shape: Shape) throws -> Slot {
    let plain = try builder.reorder(slot, to: .plain(shape))
    return shape.rank == 2 ? plain : builder.view(plain, as: shape.asMatrix)
  }

  private func weightSlot(_ builder: PlanBuilder, _ form: ParameterForm, _ layout: dnnl_memory_desc_t) throws -> Slot {
    builder.parameter(
      try builder.parameters.copy(
        of: weight, form: form, factor: op.alpha, source: .strided(weightShape, weightStrides), target: layout))
  }

  private func forwardPrimitive(hasBias: Bool) throws -> Primitive {
    if let known = forwards[hasBias] { return known }
    let primitive = try primitive(.training, hint: nil, hasBias: hasBias)
    forwards[hasBias] = primitive
    return primitive
  }

  private func primitive(_ direction: Direction, hint: Primitive?, hasBias: Bool = false) throws -> Primitive {
    var src = try dnnl_memory_desc_t.rowMajor(source.dimensions)
    var weights = try dnnl_memory_desc_t.any(weightShape)
    var bias = try hasBias ? dnnl_memory_desc_t.rowMajor([target[1]]) : dnnl_memory_desc_t()
    var dst = try dnnl_memory_desc_t.rowMajor(target.dimensions)
    return try Primitive("inner product") {
      espalier_inner_product(&$0, Library.engine, direction.code, &src, &weights, &bias, &dst, $1, hint?.descriptor)
    }
  }
}

extension Shape {
  /// The shape of the rows of the last axis.
  fileprivate var asMatrix: Shape { rank == 2 ? self : [count / Swift.max(self[-1], 1), self[-1]] }
}
