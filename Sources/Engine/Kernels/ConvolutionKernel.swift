import COneDNN
import Networks
import Tensors

/// Convolution and transposed convolution by oneDNN.
final class ConvolutionKernel: LinearKernel {
  let weight: String
  let bias: String?
  /// What is fused behind a forward pass; set by ``Fusion`` before the forward steps are made.
  var fusion = Fusion.Tail()

  private let label: String
  private let isTransposed: Bool
  let input: String
  private let output: String
  private let source: Shape
  private let target: Shape
  private let channels: Int
  private let placement: Window.Placement
  /// The weights' axes as oneDNN counts them, and the distances between their elements in the file's order.
  private let weightShape: [Int]
  private let weightStrides: [Int]
  private var forwards: [[PostOperation]: [(hasBias: Bool, layout: Layout?, primitive: Primitive)]] = [:]

  init(_ op: Op.Conv, _ context: NodeContext, _ builder: PlanBuilder) throws {
    guard let (name, tensor) = context.parameter(1, builder) else { throw ConvolutionKernel.dynamicWeights }
    let shape = tensor.shape.dimensions
    isTransposed = false
    placement = try op.window.placement(input: Array(context.shape(0).dimensions.dropFirst(2)), kernel: Array(shape.dropFirst(2)))
    let grouped = op.group == 1 ? shape : [op.group, shape[0] / op.group] + shape.dropFirst()
    weightShape = grouped
    weightStrides = Shape(grouped).strides
    channels = shape[0]
    (weight, label, input, output) = (name, context.node.label, try context.input(0), context.node.outputs[0])
    (source, target) = (try context.shape(0), context.outputs[0].shape)
    bias = try ConvolutionKernel.bias(context, builder)
  }

  init(_ op: Op.ConvTranspose, _ context: NodeContext, _ builder: PlanBuilder) throws {
    guard let (name, tensor) = context.parameter(1, builder) else { throw ConvolutionKernel.dynamicWeights }
    let shape = tensor.shape.dimensions
    isTransposed = true
    placement = try op.placement(input: Array(context.shape(0).dimensions.dropFirst(2)), kernel: Array(shape.dropFirst(2)))
    for axis in placement.end.indices where placement.end[axis] <= -placement.strides[axis] {
      throw EspalierError(
        "output_shape \(op.outputShape) reaches a stride or more beyond the kernel on spatial axis \(axis)",
        accepted: "less than \(placement.output[axis] + placement.end[axis] + placement.strides[axis])")
    }
    // ONNX orders a transposed convolution's weights [C, M / group, k…]; oneDNN wants output channels first.
    let kernel = Array(shape.dropFirst(2))
    let area = kernel.reduce(1, *)
    let (inputs, outputs) = (shape[0] / op.group, shape[1])
    let axes = [outputs, inputs] + kernel
    let strides = [area, outputs * area] + Shape(kernel).strides
    weightShape = op.group == 1 ? axes : [op.group] + axes
    weightStrides = op.group == 1 ? strides : [inputs * outputs * area] + strides
    channels = outputs * op.group
    (weight, label, input, output) = (name, context.node.label, try context.input(0), context.node.outputs[0])
    (source, target) = (try context.shape(0), context.outputs[0].shape)
    bias = try ConvolutionKernel.bias(context, builder)
  }

  private static let dynamicWeights = EspalierError("its weights depend on the network's input", accepted: "constant weights")

  private static func bias(_ context: NodeContext, _ builder: PlanBuilder) throws -> String? {
    guard context.optionalInput(2) != nil else { return nil }
    guard let (name, _) = context.parameter(2, builder) else { throw dynamicWeights }
    return name
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: input)
    let result = try product(
      builder, slot, weights: .asIs, bias: .asIs, post: fusion.operations, into: fusion.summand.map { try builder.slot(of: $0) })
    builder.define(fusion.output ?? output, result)
  }

  func product(_ builder: PlanBuilder, _ input: Slot, weights: ParameterForm, bias: ParameterForm?) throws -> Slot {
    try product(builder, input, weights: weights, bias: bias, post: [], into: nil)
  }

  private func product(
    _ builder: PlanBuilder, _ input: Slot, weights: ParameterForm, bias form: ParameterForm?, post: [PostOperation],
    into sum: Slot?
  ) throws -> Slot {
    let biasName = form == nil ? nil : bias
    let primitive = try forwardPrimitive(hasBias: biasName != nil, post: post, layout: sum.map(builder.layout))
    let source = try builder.reorder(input, to: primitive.layout(of: DNNL_ARG_SRC))
    let destination = primitive.layout(of: DNNL_ARG_DST)
    var reads = [
      (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, try weightSlot(builder, weights, primitive.layout(of: DNNL_ARG_WEIGHTS))),
    ]
    if let biasName, let form {
      let plain = try dnnl_memory_desc_t.rowMajor([channels])
      reads.append(
        (DNNL_ARG_BIAS, builder.parameter(try builder.parameters.copy(of: biasName, form: form, source: plain, target: plain))))
    }
    if let sum {
      let result = builder.alias(sum)
      reads.append((DNNL_ARG_DST, result))
      builder.addPrimitive(label, primitive, reads: reads, writes: [])
      return result
    }
    guard let layout = Layout(destination, shape: target) else {
      let raw = builder.allocate(destination, name: output)
      builder.addPrimitive(label, primitive, reads: reads, writes: [(DNNL_ARG_DST, raw)])
      return try builder.reorder(raw, to: .plain(target))
    }
    let result = builder.allocate(layout, name: output)
    builder.addPrimitive(label, primitive, reads: reads, writes: [(DNNL_ARG_DST, result)])
    return result
  }

  func transposedProduct(_ builder: PlanBuilder, _ gradient: Slot, weights: ParameterForm) throws -> Slot {
    let primitive = try primitive(.backwardData, hint: forwardPrimitive(hasBias: false, post: [], layout: nil))
    let incoming = try builder.reorder(gradient, to: primitive.layout(of: DNNL_ARG_DIFF_DST))
    let result = builder.allocate(
      primitive.layout(of: DNNL_ARG_DIFF_SRC), layout: Layout(primitive.layout(of: DNNL_ARG_DIFF_SRC), shape: source), name: input
    )
    builder.addPrimitive(
      label, primitive,
      reads: [
        (DNNL_ARG_DIFF_DST, incoming),
        (DNNL_ARG_WEIGHTS, try weightSlot(builder, weights, primitive.layout(of: DNNL_ARG_WEIGHTS))),
      ], writes: [(DNNL_ARG_DIFF_SRC, result)])
    return try builder.reorder(result, to: builder.layout(builder.slot(of: input)))
  }

  func parameterGradients(_ builder: PlanBuilder, _ gradient: Slot, input: Slot) throws -> (weight: Slot, bias: Slot?) {
    let primitive = try primitive(
      .backwardWeights, hint: forwardPrimitive(hasBias: bias != nil, post: [], layout: nil), hasBias: bias != nil)
    let source = try builder.reorder(input, to: primitive.layout(of: DNNL_ARG_SRC))
    let incoming = try builder.reorder(gradient, to: primitive.layout(of: DNNL_ARG_DIFF_DST))
    let raw = builder.allocate(primitive.layout(of: DNNL_ARG_DIFF_WEIGHTS), name: weight)
    var writes = [(DNNL_ARG_DIFF_WEIGHTS, raw)]
    var biasGradient: Slot?
    if bias != nil {
      biasGradient = builder.allocate(.plain([channels]), name: "bias")
      writes.append((DNNL_ARG_DIFF_BIAS, biasGradient!))
    }
    builder.addPrimitive(label, primitive, reads: [(DNNL_ARG_SRC, source), (DNNL_ARG_DIFF_DST, incoming)], writes: writes)
    return (try builder.gradient(of: weight, from: raw, ordered: .strided(weightShape, weightStrides)), biasGradient)
  }

  private func weightSlot(_ builder: PlanBuilder, _ form: ParameterForm, _ layout: dnnl_memory_desc_t) throws -> Slot {
    builder.parameter(
      try builder.parameters.copy(of: weight, form: form, source: .strided(weightShape, weightStrides), target: layout))
  }

  private func forwardPrimitive(hasBias: Bool, post: [PostOperation], layout: Layout?) throws -> Primitive {
    if let known = forwards[post]?.first(where: { $0.hasBias == hasBias && $0.layout == layout }) { return known.primitive }
    let primitive = try primitive(.training, hint: nil, hasBias: hasBias, post: post, destination: layout)
    forwards[post, default: []].append((hasBias, layout, primitive))
    return primitive
  }

  private func primitive(
    _ direction: Direction, hint: Primitive?, hasBias: Bool = false, post: [PostOperation] = [], destination: Layout? = nil
  ) throws -> Primitive {
    var src = try dnnl_memory_desc_t.any(source.dimensions)
    var weights = try dnnl_memory_desc_t.any(weightShape)
    var bias = try hasBias ? dnnl_memory_desc_t.rowMajor([channels]) : dnnl_memory_desc_t()
    var dst = try destination?.descriptor() ?? .any(target.dimensions)
    let before = placement.begin
    // What the window reaches behind the last element, which is less than the declared padding where a stride does not divide.
    let after = placement.input.indices.map { axis in
      let reach = (placement.output[axis] - 1) * placement.strides[axis] + placement.extent(axis)
      return isTransposed ? placement.end[axis] : max(reach - placement.input[axis] - before[axis], 0)
    }
    return try Primitive(isTransposed ? "transposed convolution" : "convolution", post: post) { descriptor, attributes in
      withDimensions(placement.strides) { strides in
        withDimensions(placement.dilations.map { $0 - 1 }) { dilates in
          withDimensions(before) { before in
            withDimensions(after) { after in
              (isTransposed ? espalier_deconvolution : espalier_convolution)(
                &descriptor, Library.engine, direction.code, &src, &weights, &bias, &dst, strides, dilates, before, after,
                attributes,
                hint?.descriptor)
            }
          }
        }
      }
    }
  }
}
