import Tensors

// What operators that are not computed element by element do to the axis along which images lie.

extension Operator {
  /// Element by element, operands being broadcast: right for activations and arithmetic.
  ///
  /// `ImageAxisTests` lists the operators that leave it at that.
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    outputs.map { placement.broadcast(inputs.compactMap { $0 }, to: $0) }
  }
}

/// An operator whose output's rows come from the rows of its first input, whatever else it reads being the same for all.
protocol RowwiseOperator: Operator {
  /// Axes besides the first along which nothing is joined, of a value of that many axes.
  func axesApart(rank: Int) -> Set<Int>
}

extension RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { [] }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
    guard inputs.dropFirst().allSatisfy({ $0.map { $0.images == .constant } ?? true }) else {
      return outputs.map { _ in .mixed("its weights depend on the images") }
    }
    return outputs.map { _ in placement.keptApart(input, along: axesApart(rank: input.shape.rank)) }
  }
}

extension Op.Conv: RowwiseOperator {}
extension Op.ConvTranspose: RowwiseOperator {}
extension Op.LRN: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { Set(2..<max(rank, 2)) }
}
extension Op.MaxPool: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { [1] }
}
extension Op.AveragePool: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { [1] }
}
extension Op.GlobalAveragePool: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { [1] }
}
extension Op.GlobalMaxPool: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { [1] }
}
extension Op.BatchNormalization: RowwiseOperator {
  // Statistics of the batch belong to training, where images along other axes are refused.
  func axesApart(rank: Int) -> Set<Int> { Set(0..<rank) }
}

extension Op.InstanceNormalization: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { [1] }
}

extension Op.Softmax: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { Set(0..<rank).subtracting([axis < 0 ? axis + rank : axis]) }
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    alongOneAxis(axis, inputs, outputs, placement)
  }
}

extension Op.LogSoftmax: RowwiseOperator {
  func axesApart(rank: Int) -> Set<Int> { Set(0..<rank).subtracting([axis < 0 ? axis + rank : axis]) }
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    alongOneAxis(axis, inputs, outputs, placement)
  }
}

private func alongOneAxis(_ axis: Int, _ inputs: [PlacedFact?], _ outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
  guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
  let joined = axis < 0 ? axis + input.shape.rank : axis
  return outputs.map { _ in
    placement.moved(input.images, "its sum runs along the images' axis") { $0 == joined ? nil : $0 }
  }
}

extension Op.LayerNormalization {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil, let first = try? input.shape.axis(axis) else { return outputs.map { _ in .constant } }
    guard inputs.dropFirst().allSatisfy({ $0.map { $0.images == .constant } ?? true }) else {
      return outputs.map { _ in .mixed("its parameters depend on the images") }
    }
    return outputs.map { _ in placement.moved(input.images, "its mean runs along the images' axis") { $0 < first ? $0 : nil } }
  }
}

extension Reduction {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
    let declared = (inputs.count > 1 ? inputs[1] : nil)?.fact.value?.integers
    guard let reduced = try? Set(reducedAxes(of: input.shape, declared: declared)) else { return outputs.map { _ in .mixed("") } }
    return outputs.map { _ in
      placement.moved(input.images, "it runs along the images' axis") { axis in
        reduced.contains(axis) ? nil : keepsAxes ? axis : axis - reduced.count { $0 < axis }
      }
    }
  }
}

// MARK: Products

extension Op.TokenLinear {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
    return outputs.map { _ in
      placement.moved(input.images, "its sums run along the images' axis") { $0 == input.shape.rank - 1 ? nil : $0 }
    }
  }
}

extension Op.Gemm {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard inputs.count > 1, let a = inputs[0], let b = inputs[1] else { return outputs.map { _ in .constant } }
    let words = "its sums run along the images' axis"
    let left = placement.moved(a.images, words) { $0 == (transposeA ? 1 : 0) ? 0 : nil }
    let right = placement.moved(b.images, words) { $0 == (transposeB ? 0 : 1) ? 1 : nil }
    return outputs.map { shape in
      let bias = (inputs.count > 2 ? inputs[2] : nil).map { placement.broadcast([$0], to: shape) } ?? .constant
      return placement.together([left, right, bias])
    }
  }
}

extension Op.MatMul {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard inputs.count > 1, let a = inputs[0], let b = inputs[1], let shape = outputs.first else {
      return outputs.map { _ in .constant }
    }
    let words = "its sums run along the images' axis"
    // The axes of the stacks of matrices are broadcast; the sum runs along the last axis of one and the last but one of the
    // other.
    let stack = shape.rank - (a.shape.rank > 1 ? 1 : 0) - (b.shape.rank > 1 ? 1 : 0)
    func position(_ operand: PlacedFact, kept: Int?, to target: Int) -> ImageAxis {
      let own = max(operand.shape.rank - 2, 0)
      return placement.moved(operand.images, words) { axis in
        axis < own ? axis + stack - own : axis == kept ? target : nil
      }
    }
    let left = position(a, kept: a.shape.rank > 1 ? a.shape.rank - 2 : nil, to: stack)
    let right = position(b, kept: b.shape.rank > 1 ? b.shape.rank - 1 : nil, to: shape.rank - 1)
    return [placement.together([left, right])]
  }
}

// MARK: Moves

extension PlacedFact {
  fileprivate func integers(_ inputs: [PlacedFact?], _ position: Int) -> [Int]? {
    position < inputs.count ? inputs[position]?.fact.value?.integers : nil
  }
}

private func viewed(_ inputs: [PlacedFact?], _ outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
  guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
  return outputs.map { placement.viewed(input, as: $0) }
}

extension Op.Flatten {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    viewed(inputs, outputs, placement)
  }
}
extension Op.Reshape {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    viewed(inputs, outputs, placement)
  }
}
extension Op.Squeeze {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    viewed(inputs, outputs, placement)
  }
}
extension Op.Unsqueeze {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    viewed(inputs, outputs, placement)
  }
}

extension Op.Transpose {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil, let order = try? order(rank: input.shape.rank) else {
      return outputs.map { _ in .constant }
    }
    return outputs.map { _ in placement.moved(input.images, "") { order.firstIndex(of: $0) } }
  }
}

extension Op.Expand {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    outputs.map { shape in (inputs.first ?? nil).map { placement.broadcast([$0], to: shape) } ?? .constant }
  }
}

extension Op.Resize: RowwiseOperator {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil else { return outputs.map { _ in .constant } }
    return outputs.map { shape in
      placement.moved(input.images, "it resizes the images' axis") { input.shape[$0] == shape[$0] ? $0 : nil }
    }
  }
}

extension Op.Pad {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil, inputs.count > 1, let pads = inputs[1]?.fact.value?.integers,
      let (begin, end) = try? borders(of: input.shape, pads: pads, axes: input.integers(inputs, 3))
    else { return outputs.map { _ in .mixed("its pads are not known") } }
    return outputs.map { _ in
      placement.moved(input.images, "it pads the images' axis") { begin[$0] == 0 && end[$0] == 0 ? $0 : nil }
    }
  }
}

extension ImagePlacement {
  /// Where images lie in a stretch along an axis: their own axis may be cut into turns of all images alone.
  fileprivate func cut(_ input: PlacedFact, along axis: Int, from start: Int, count length: Int) -> ImageAxis {
    guard case .along(axis, _, let inner) = input.images, length != input.shape[axis] else { return input.images }
    let turn = inner * count
    guard length > 0, start % turn == 0, length % turn == 0 else { return .mixed("it cuts the images' axis") }
    return .along(axis: axis, outer: length / turn, inner: inner)
  }
}

extension Op.Slice {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil, case .along(let axis, _, _) = input.images else {
      return outputs.map { _ in (inputs.first ?? nil)?.images ?? .constant }
    }
    guard
      let ranges = try? ranges(
        of: input.shape, starts: input.integers(inputs, 1) ?? [], ends: input.integers(inputs, 2) ?? [],
        axes: input.integers(inputs, 3), steps: input.integers(inputs, 4)), ranges[axis].step == 1
    else { return outputs.map { _ in .mixed("it cuts the images' axis") } }
    return outputs.map { _ in placement.cut(input, along: axis, from: ranges[axis].start, count: ranges[axis].count) }
  }
}

extension Op.Split {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil, let axis = try? input.shape.axis(axis) else { return outputs.map { _ in .constant } }
    var start = 0
    return outputs.map { shape in
      defer { start += shape[axis] }
      return placement.cut(input, along: axis, from: start, count: shape[axis])
    }
  }
}

extension Op.Concat {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    let parts = inputs.compactMap { $0 }
    guard let first = parts.first, let axis = try? first.shape.axis(axis) else { return outputs.map { _ in .constant } }
    // Along the images' own axis, parts follow each other as turns of all images.
    var turns = 0
    var run: Int?
    for part in parts {
      guard case .along(axis, let outer, let inner) = part.images, inner == run ?? inner else {
        let others = placement.together(parts.map(\.images))
        if case .along(axis, _, _) = others { return outputs.map { _ in .mixed("it joins other rows to those of the images") } }
        return outputs.map { _ in others }
      }
      run = inner
      turns += outer
    }
    return outputs.map { _ in .along(axis: axis, outer: turns, inner: run ?? 1) }
  }
}

extension Op.Gather {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard inputs.count > 1, let data = inputs[0], let indices = inputs[1], let axis = try? data.shape.axis(axis) else {
      return outputs.map { _ in .constant }
    }
    guard indices.images == .constant else { return outputs.map { _ in .mixed("its indices depend on the images") } }
    return outputs.map { _ in
      placement.moved(data.images, "it picks along the images' axis") {
        $0 < axis ? $0 : $0 > axis ? $0 + indices.shape.rank - 1 : nil
      }
    }
  }
}

// MARK: Shape arithmetic

extension Op.RangeOf {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    outputs.map { _ in .constant }
  }
}

extension Op.ScatterND {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    let isConstant = inputs.allSatisfy { $0.map { $0.images == .constant } ?? true }
    return outputs.map { _ in isConstant ? .constant : .mixed("it writes into the images' values") }
  }
}

extension Op.ShapeOf {
  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    outputs.map { _ in .constant }
  }
}
