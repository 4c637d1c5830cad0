import COneDNN
import Networks
import Tensors

/// The shapes of a convolution, or of a transposed one, as oneDNN counts them.
struct ConvolutionGeometry: Sendable {
  let isTransposed: Bool
  let source: Shape
  let target: Shape
  /// The number of output channels.
  let channels: Int
  let placement: Window.Placement
  /// The weights' axes, and the distances between their elements in the file's order.
  let weightShape: [Int]
  let weightStrides: [Int]

  /// The primitive for a direction.
  ///
  /// - Parameters:
  ///   - hint: the forward primitive, for a backward one.
  ///   - destination: the output's layout; oneDNN's choice if nil.
  func primitive(
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

  /// Runs the direct sum at once, with no activation behind it: slower than as a step of a plan, for what is rare.
  ///
  /// - Parameters:
  ///   - adds: whether the sum is added to what lies at `result`.
  ///   - layout: where `result` has its elements.
  func run(
    from input: Memory, described source: dnnl_memory_desc_t, weights: Tensor<Float>, bias: Tensor<Float>?, adds: Bool,
    to result: UnsafeMutablePointer<Float>, in layout: Layout, stream: Stream
  ) throws {
    let primitive = try primitive(
      .inference, hint: nil, hasBias: bias != nil, post: adds ? [.sum] : [], destination: layout)
    func copy(_ memory: Memory, _ own: dnnl_memory_desc_t, as wanted: dnnl_memory_desc_t) throws -> (Memory, AlignedBuffer) {
      let buffer = AlignedBuffer(byteCount: wanted.byteCount)
      let copy = try Memory(wanted, at: buffer.address)
      let transfer = try reorder(from: own, to: wanted)
      let scratch = AlignedBuffer(byteCount: transfer.scratchpad.byteCount)
      try stream.run(
        transfer,
        [
          (DNNL_ARG_FROM, memory), (DNNL_ARG_TO, copy),
          (DNNL_ARG_SCRATCHPAD, Memory(transfer.scratchpad, at: scratch.address)),
        ])
      return (copy, buffer)
    }
    let (x, inputs) = try copy(input, source, as: primitive.layout(of: DNNL_ARG_SRC))
    var (elements, offsets) = (weights.elements, bias?.elements ?? [])
    try elements.withUnsafeMutableBytes { elements in
      try offsets.withUnsafeMutableBytes { offsets in
        let own = try dnnl_memory_desc_t.strided(weightShape, weightStrides)
        let (w, factors) = try copy(
          Memory(own, at: elements.baseAddress!), own, as: primitive.layout(of: DNNL_ARG_WEIGHTS))
        let scratch = AlignedBuffer(byteCount: primitive.scratchpad.byteCount)
        var arguments = [
          (DNNL_ARG_SRC, x), (DNNL_ARG_WEIGHTS, w),
          (DNNL_ARG_DST, try Memory(primitive.layout(of: DNNL_ARG_DST), at: result)),
          (DNNL_ARG_SCRATCHPAD, try Memory(primitive.scratchpad, at: scratch.address)),
        ]
        if let base = offsets.baseAddress {
          arguments.append((DNNL_ARG_BIAS, try Memory(primitive.layout(of: DNNL_ARG_BIAS), at: base)))
        }
        try withExtendedLifetime((inputs, factors, scratch)) { try stream.run(primitive, arguments) }
      }
    }
  }
}
