import COneDNN
import Networks
import Tensors

/// Convolution and transposed convolution by oneDNN.
final class ConvolutionKernel: LinearKernel, FusingKernel {
  let weight: String
  let bias: String?
  /// What is fused behind a forward pass; set by ``Fusion`` before the forward steps are made.
  var fusion = Fusion.Tail()

  private let label: String
  let input: String
  private let output: String
  private let geometry: ConvolutionGeometry
  private var knownGrowth: Double?
  private var forwards: [[PostOperation]: [(hasBias: Bool, layout: Layout?, primitive: Primitive)]] = [:]

  init(_ op: Op.Conv, _ context: NodeContext, _ builder: PlanBuilder) throws {
    guard let (name, tensor) = context.parameter(1, builder) else { throw ConvolutionKernel.dynamicWeights }
    try ConvolutionKernel.requireFinite(tensor, "weights")
    let shape = tensor.shape.dimensions
    let placement = try op.window.placement(
      input: Array(context.shape(0).dimensions.dropFirst(2)), kernel: Array(shape.dropFirst(2)))
    let grouped = op.group == 1 ? shape : [op.group, shape[0] / op.group] + shape.dropFirst()
    geometry = ConvolutionGeometry(
      isTransposed: false, source: try context.shape(0), target: context.outputs[0].shape, channels: shape[0],
      placement: placement, weightShape: grouped, weightStrides: Shape(grouped).strides)
    (weight, label, input, output) = (name, context.node.label, try context.input(0), context.node.outputs[0])
    bias = try ConvolutionKernel.bias(context, builder)
  }

  init(_ op: Op.ConvTranspose, _ context: NodeContext, _ builder: PlanBuilder) throws {
    guard let (name, tensor) = context.parameter(1, builder) else { throw ConvolutionKernel.dynamicWeights }
    try ConvolutionKernel.requireFinite(tensor, "weights")
    let shape = tensor.shape.dimensions
    let placement = try op.placement(input: Array(context.shape(0).dimensions.dropFirst(2)), kernel: Array(shape.dropFirst(2)))
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
    geometry = ConvolutionGeometry(
      isTransposed: true, source: try context.shape(0), target: context.outputs[0].shape, channels: outputs * op.group,
      placement: placement, weightShape: op.group == 1 ? axes : [op.group] + axes,
      weightStrides: op.group == 1 ? strides : [inputs * outputs * area] + strides)
    (weight, label, input, output) = (name, context.node.label, try context.input(0), context.node.outputs[0])
    bias = try ConvolutionKernel.bias(context, builder)
  }

  private static let dynamicWeights = EspalierError("its weights depend on the network's input", accepted: "constant weights")

  private static func bias(_ context: NodeContext, _ builder: PlanBuilder) throws -> String? {
    guard context.optionalInput(2) != nil else { return nil }
    guard let (name, tensor) = context.parameter(2, builder) else { throw dynamicWeights }
    try requireFinite(tensor, "biases")
    return name
  }

  /// Checks weights: a rectifier that is fused behind a convolution would make 0 of the NaN that others lead to.
  private static func requireFinite(_ tensor: Tensor<Float>, _ role: String) throws {
    guard let position = tensor.elements.firstIndex(where: { !$0.isFinite }) else { return }
    throw EspalierError("its \(role) hold \(tensor.elements[position])", accepted: "finite numbers")
  }

  /// Whether the primitive may compute an activation, too; a smooth one is not worth giving up ``Winograd`` for.
  func fuses(_ function: Pointwise, _ builder: PlanBuilder) throws -> Bool {
    guard function.postOperation != nil else { return false }
    if function.isExactWhenFused { return true }
    guard !builder.isTraining else { return false }
    let primitive = try forwardPrimitive(hasBias: bias != nil, post: [], layout: nil)
    return try winograd(builder, primitive, isTransposed: false, post: []) == nil
  }

  func growth(_ builder: PlanBuilder) -> Double {
    if let knownGrowth { return knownGrowth }
    // In a transposed convolution of groups, the sum of them all.
    let growth = builder.parameters[weight]?.greatestSum(along: geometry.isTransposed ? 1 : 0) ?? 0
    knownGrowth = growth
    return growth
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    guard let sum = sum([inputs[0]] + [fusion.summand].compactMap { $0 }.map(builder.bound), builder) else { return nil }
    return fusion.activation.map { $0.bound(sum) } ?? sum
  }

  /// The bound ahead of the activation, from those of the input and of what is added.
  private func sum(_ bounds: [Double?], _ builder: PlanBuilder) -> Double? {
    guard let input = bounds[0], let added = bounds.count > 1 ? bounds[1] : 0 else { return nil }
    return growth(builder) * input + (bias.flatMap(builder.bound) ?? 0) + added
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: input)
    let summand = try fusion.summand.map { try builder.slot(of: $0) }
    let isGuarded = !builder.isTraining && fusion.activation.map { !$0.keepsNaNWhenFused } ?? false
    if isGuarded {
      try builder.guardSums(of: [input] + [fusion.summand].compactMap { $0 }) { sum($0, builder) }
      if let summand { save(builder, summand) }
    }
    let result = try product(builder, slot, weights: .asIs, bias: .asIs, post: fusion.operations, into: summand)
    builder.define(fusion.output ?? output, result)
    if isGuarded { try keepNaN(builder, from: slot, adding: summand, to: result) }
  }

  /// Appends, for images beyond bounds, what keeps a summand that is about to be written over.
  private func save(_ builder: PlanBuilder, _ summand: Slot) {
    let count = builder.layout(summand).floatCount
    builder.addStepBeyondBounds(label, reads: [summand], writes: []) { program in
      let copy = AlignedBuffer(byteCount: count * 4)
      copy.address.copyMemory(from: program.pointer(summand), byteCount: count * 4)
      program.saved[summand] = copy
    }
  }

  /// Appends, for images beyond bounds, the direct sum and an activation that keeps NaN.
  private func keepNaN(_ builder: PlanBuilder, from slot: Slot, adding summand: Slot?, to result: Slot) throws {
    let (geometry, parameters, weight, bias, function) = (geometry, builder.parameters, weight, bias, fusion.activation)
    let (source, target) = (builder.descriptor(slot), builder.layout(result))
    builder.addStepBeyondBounds(label, reads: [slot, result], writes: [result]) { program in
      let sum = summand.flatMap { program.saved.removeValue(forKey: $0) } ?? AlignedBuffer(byteCount: target.floatCount * 4)
      let y = sum.address.assumingMemoryBound(to: Float.self)
      try geometry.run(
        from: Memory(source, at: program.pointer(slot)), described: source, weights: parameters[weight]!,
        bias: bias.flatMap { parameters[$0] }, adds: summand != nil, to: y, in: target, stream: program.stream)
      function?.apply(y, to: y, count: target.floatCount)
      program.replace(result, by: y)
      withExtendedLifetime(sum) {}
    }
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
    if let winograd = try winograd(builder, primitive, isTransposed: false, post: post) {
      let offset = try biasName.map { try biasSlot(builder, $0, form!) }
      let result = sum.map { builder.alias($0) } ?? builder.allocate(winograd.target, name: output)
      winograd.method.append(
        to: builder, label: label, from: try builder.reorder(input, to: winograd.source),
        weights: try weightSlot(builder, weights, winograd.method.weights, transform: transform(isTransposed: false)),
        bias: offset,
        adds: sum != nil, rectifies: post.contains(.eltwise(dnnl_eltwise_relu, alpha: 0, beta: 0)), into: result)
      return result
    }
    let source = try builder.reorder(input, to: primitive.layout(of: DNNL_ARG_SRC))
    let destination = primitive.layout(of: DNNL_ARG_DST)
    var reads = [
      (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, try weightSlot(builder, weights, primitive.layout(of: DNNL_ARG_WEIGHTS))),
    ]
    if let biasName, let form { reads.append((DNNL_ARG_BIAS, try biasSlot(builder, biasName, form))) }
    if let sum {
      let result = builder.alias(sum)
      reads.append((DNNL_ARG_DST, result))
      builder.addPrimitive(label, primitive, reads: reads, writes: [])
      return result
    }
    guard let layout = Layout(destination, shape: geometry.target) else {
      let raw = builder.allocate(destination, name: output)
      builder.addPrimitive(label, primitive, reads: reads, writes: [(DNNL_ARG_DST, raw)])
      return try builder.reorder(raw, to: .plain(geometry.target))
    }
    let result = builder.allocate(layout, name: output)
    builder.addPrimitive(label, primitive, reads: reads, writes: [(DNNL_ARG_DST, result)])
    return result
  }

  func transposedProduct(_ builder: PlanBuilder, _ gradient: Slot, weights: ParameterForm) throws -> Slot {
    let forward = try forwardPrimitive(hasBias: false, post: [], layout: nil)
    if let winograd = try winograd(builder, forward, isTransposed: true, post: []) {
      let result = builder.allocate(winograd.source, name: input)
      winograd.method.append(
        to: builder, label: label, from: try builder.reorder(gradient, to: winograd.target),
        weights: try weightSlot(builder, weights, winograd.method.weights, transform: transform(isTransposed: true)), bias: nil,
        adds: false, rectifies: false, into: result)
      return try builder.reorder(result, to: builder.layout(builder.slot(of: self.input)))
    }
    let primitive = try geometry.primitive(.backwardData, hint: forward)
    let incoming = try builder.reorder(gradient, to: primitive.layout(of: DNNL_ARG_DIFF_DST))
    let result = builder.allocate(
      primitive.layout(of: DNNL_ARG_DIFF_SRC), layout: Layout(primitive.layout(of: DNNL_ARG_DIFF_SRC), shape: geometry.source),
      name: input
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
    let primitive = try geometry.primitive(
      .backwardWeights, hint: forwardPrimitive(hasBias: bias != nil, post: [], layout: nil), hasBias: bias != nil)
    let source = try builder.reorder(input, to: primitive.layout(of: DNNL_ARG_SRC))
    let incoming = try builder.reorder(gradient, to: primitive.layout(of: DNNL_ARG_DIFF_DST))
    let raw = builder.allocate(primitive.layout(of: DNNL_ARG_DIFF_WEIGHTS), name: weight)
    var writes = [(DNNL_ARG_DIFF_WEIGHTS, raw)]
    var biasGradient: Slot?
    if bias != nil {
      biasGradient = builder.allocate(.plain([geometry.channels]), name: "bias")
      writes.append((DNNL_ARG_DIFF_BIAS, biasGradient!))
    }
    builder.addPrimitive(label, primitive, reads: [(DNNL_ARG_SRC, source), (DNNL_ARG_DIFF_DST, incoming)], writes: writes)
    return (
      try builder.gradient(of: weight, from: raw, ordered: .strided(geometry.weightShape, geometry.weightStrides)), biasGradient
    )
  }

  private func weightSlot(
    _ builder: PlanBuilder, _ form: ParameterForm, _ layout: dnnl_memory_desc_t, transform: ParameterTransform = .none
  ) throws -> Slot {
    var source = try dnnl_memory_desc_t.strided(geometry.weightShape, geometry.weightStrides)
    if case .winograd(let outputs, let inputs, let isTransposed) = transform {
      source = try .rowMajor(isTransposed ? [inputs, outputs, 1, 1] : [outputs, inputs, 1, 1])
    }
    return builder.parameter(
      try builder.parameters.copy(of: weight, form: form, transform: transform, source: source, target: layout))
  }

  private func biasSlot(_ builder: PlanBuilder, _ name: String, _ form: ParameterForm) throws -> Slot {
    let plain = try dnnl_memory_desc_t.rowMajor([geometry.channels])
    return builder.parameter(try builder.parameters.copy(of: name, form: form, source: plain, target: plain))
  }

  private func transform(isTransposed: Bool) -> ParameterTransform {
    .winograd(outputs: geometry.weightShape[0], inputs: geometry.weightShape[1], isTransposed: isTransposed)
  }

  /// The short cut for this layer, where it is one and is allowed, with the layouts of the layer's input and output.
  private func winograd(
    _ builder: PlanBuilder, _ primitive: Primitive, isTransposed: Bool, post: [PostOperation]
  ) throws -> (method: Winograd, source: Layout, target: Layout)? {
    guard builder.allowsWinograd, !geometry.isTransposed, geometry.weightShape.count == 4,
      geometry.weightShape.suffix(2) == [3, 3], geometry.placement.strides == [1, 1], geometry.placement.dilations == [1, 1],
      post.allSatisfy({ $0 == .sum || $0 == .eltwise(dnnl_eltwise_relu, alpha: 0, beta: 0) }),
      let before = Layout(primitive.layout(of: DNNL_ARG_SRC), shape: geometry.source),
      let after = Layout(primitive.layout(of: DNNL_ARG_DST), shape: geometry.target)
    else { return nil }
    let method =
      isTransposed
      ? try Winograd(from: after, to: before, begin: geometry.placement.begin.map { 2 - $0 })
      : try Winograd(from: before, to: after, begin: geometry.placement.begin)
    return method.map { ($0, before, after) }
  }

  private func forwardPrimitive(hasBias: Bool, post: [PostOperation], layout: Layout?) throws -> Primitive {
    if let known = forwards[post]?.first(where: { $0.hasBias == hasBias && $0.layout == layout }) { return known.primitive }
    let primitive = try geometry.primitive(.training, hint: nil, hasBias: hasBias, post: post, destination: layout)
    forwards[post, default: []].append((hasBias, layout, primitive))
    return primitive
  }
}
