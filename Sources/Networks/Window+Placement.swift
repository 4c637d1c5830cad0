import Tensors

extension Window {
  /// The most that an attribute of a window may be, so that products of two of them are numbers.
  static let largestAttribute = 1 << 30

  /// Where the window lies over a feature map.
  ///
  /// Sizes are those of ONNX opset 18 as onnxruntime computes them: with `ceilMode` a last window counts unless it would
  /// start in the padding behind the feature map; `sameUpper` and `sameLower` give ⌈input ÷ stride⌉.
  ///
  /// - Parameters:
  ///   - input: the feature map's lengths behind batch and channels.
  ///   - kernel: the window's lengths.
  /// - Throws: `EspalierError` naming both, if an attribute is not one that ONNX allows or the window does not fit.
  public func placement(input: [Int], kernel: [Int]) throws -> Placement {
    var placement = try attributes(input: input, kernel: kernel)
    for axis in input.indices {
      let extent = placement.extent(axis)
      let stride = placement.strides[axis]
      if padding == .sameUpper || padding == .sameLower {
        let output = (input[axis] + stride - 1) / stride
        placement.pad(axis, by: max(0, (output - 1) * stride + extent - input[axis]), extraAfter: padding == .sameUpper)
        placement.output[axis] = output
        continue
      }
      let room = input[axis] + placement.begin[axis] + placement.end[axis] - extent
      guard room >= 0 else {
        throw EspalierError(
          "a window of \(Shape(kernel)) does not fit a feature map of \(Shape(input))",
          accepted: "at least \(extent - placement.begin[axis] - placement.end[axis]) on spatial axis \(axis)")
      }
      var output = (ceilMode ? room + stride - 1 : room) / stride + 1
      if ceilMode, (output - 1) * stride >= input[axis] + placement.begin[axis] { output -= 1 }
      placement.output[axis] = output
    }
    return placement
  }

  /// The attributes written out, one a spatial axis, and checked; `begin` and `end` are those declared, `output` is zero.
  func attributes(input: [Int], kernel: [Int]) throws -> Placement {
    let rank = input.count
    func perAxis(_ values: [Int], _ name: String, default fallback: Int, least: Int) throws -> [Int] {
      guard values.isEmpty || values.count == rank else {
        throw EspalierError("\(name) \(values) for \(rank) spatial axes", accepted: "\(rank) numbers")
      }
      guard values.allSatisfy({ $0 >= least && $0 <= Window.largestAttribute }) else {
        throw EspalierError("\(name) \(values)", accepted: "\(least) to 2^30")
      }
      return values.isEmpty ? [Int](repeating: fallback, count: rank) : values
    }
    guard kernel.count == rank, rank > 0 else {
      throw EspalierError(
        "a window with \(kernel.count) axes for a feature map with \(rank)", accepted: "equal numbers, 1 or more")
    }
    var begin: [Int] = []
    var end: [Int] = []
    if case .explicit(let first, let last) = padding { (begin, end) = (first, last) }
    return Placement(
      input: input, kernel: try perAxis(kernel, "kernel", default: 1, least: 1),
      strides: try perAxis(strides, "strides", default: 1, least: 1),
      dilations: try perAxis(dilations, "dilations", default: 1, least: 1),
      begin: try perAxis(begin, "padding", default: 0, least: 0), end: try perAxis(end, "padding", default: 0, least: 0),
      output: [Int](repeating: 0, count: rank))
  }
}

extension Window.Placement {
  /// The window's length along an axis, dilation counted.
  public func extent(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// Spreads padding over both ends of an axis.
  mutating func pad(_ axis: Int, by total: Int, extraAfter: Bool) {
    let (less, more) = (total / 2, total - total / 2)
    begin[axis] = extraAfter ? less : more
    end[axis] = extraAfter ? more : less
  }
}

extension Op.ConvTranspose {
  /// Where the kernel lies over the output; `input` is the smaller feature map, `output` the larger.
  ///
  /// `output = stride · (input − 1) + outputPadding + extent − begin − end`; where `outputShape` declares more than the
  /// kernel reaches, `end` is negative. `sameUpper` and `sameLower` give `input · stride` but, as in onnxruntime, never more
  /// than the kernel reaches.
  ///
  /// - Throws: `EspalierError` if an attribute is not one that ONNX allows or nothing is left of the output.
  public func placement(input: [Int], kernel: [Int]) throws -> Window.Placement {
    var placement = try window.attributes(input: input, kernel: kernel)
    let rank = input.count
    for (values, name) in [(outputPadding, "output_padding"), (outputShape, "output_shape")] {
      guard values.isEmpty || values.count == rank, values.allSatisfy({ $0 >= 0 && $0 <= Window.largestAttribute }) else {
        throw EspalierError("\(name) \(values) for \(rank) spatial axes", accepted: "\(rank) numbers, 0 to 2^30")
      }
    }
    let same = window.padding == .sameUpper || window.padding == .sameLower
    for axis in 0..<rank {
      let (reach, overflow) = placement.strides[axis].multipliedReportingOverflow(by: input[axis] - 1)
      guard !overflow, reach <= Shape.largestCount else {
        throw EspalierError("strides \(placement.strides) make too large an output of \(Shape(input))")
      }
      let full = reach + (outputPadding.isEmpty ? 0 : outputPadding[axis]) + placement.extent(axis)
      if !outputShape.isEmpty || same {
        let output = outputShape.isEmpty ? input[axis] * placement.strides[axis] : outputShape[axis]
        placement.pad(axis, by: max(0, full - output), extraAfter: window.padding == .sameUpper)
        if !outputShape.isEmpty, output > full { placement.end[axis] = full - output }
      }
      placement.output[axis] = full - placement.begin[axis] - placement.end[axis]
      guard input[axis] > 0, placement.output[axis] > 0 else {
        throw EspalierError(
          "a transposed window of \(Shape(kernel)) over \(Shape(input)) leaves nothing on spatial axis \(axis)")
      }
    }
    return placement
  }
}
