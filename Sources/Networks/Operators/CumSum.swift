import Tensors

extension Op {
  /// Sums of all elements up to each along an axis, which the second input names.
  public struct CumSum: Operator {
    public static let name = "CumSum"
    public static let arity = 2...2
    /// Whether an element itself is left out of its sum.
    public var isExclusive: Bool
    /// Whether sums run from each element to the end.
    public var isReversed: Bool

    /// Makes the operator.
    public init(isExclusive: Bool = false, isReversed: Bool = false) {
      (self.isExclusive, self.isReversed) = (isExclusive, isReversed)
    }
  }
}

extension Op.CumSum {
  public var sign: SignBehaviour { .ofFirst }

  /// The axis, counted from the front.
  ///
  /// - Throws: `EspalierError` if it is not there, or depends on the network's input.
  public func axis(_ inputs: [Fact?]) throws -> Int {
    guard let axes = try inputs.integers(1, "axis"), axes.count == 1 else {
      throw EspalierError("its axis is no single number", accepted: "one whole number")
    }
    return try inputs.required(0).shape.axis(axes[0])
  }

  /// The positions along the axis whose elements are in the sum of one.
  public func terms(of position: Int, length: Int) -> Range<Int> {
    isReversed
      ? (isExclusive ? position + 1 : position)..<length : 0..<(isExclusive ? position : position + 1)
  }

  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let axis = try axis(inputs)
    return [
      Fact(x.shape) {
        switch x.value {
        case .float(let tensor): .float(summed(tensor.map(Double.init), axis).map(Float.init))
        case .int64(let tensor): .int64(summed(tensor, axis, &+))
        case nil: nil
        }
      }
    ]
  }

  private func summed(_ x: Tensor<Double>, _ axis: Int) -> Tensor<Double> { summed(x, axis, +) }

  private func summed<Scalar: Numeric>(_ x: Tensor<Scalar>, _ axis: Int, _ add: (Scalar, Scalar) -> Scalar) -> Tensor<Scalar> {
    let (length, inner) = (x.shape[axis], x.shape.strides[axis])
    var elements = x.elements
    for start in elements.indices where start / inner % length == 0 {
      var sum = Scalar.zero
      for step in 0..<length {
        let element = start + (isReversed ? length - 1 - step : step) * inner
        let next = add(sum, elements[element])
        elements[element] = isExclusive ? sum : next
        sum = next
      }
    }
    return Tensor(elements, shape: x.shape)
  }

  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let axis = try axis(node.inputs.map { $0.flatMap { flow.facts[$0] } })
    if own.axes.contains(axis) { return flow.stop(node, "CumSum '\(node.label)' sums along them") }
    flow.pass(node)
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let input = inputs.first ?? nil, let axis = try? axis(inputs.map { $0?.fact }) else {
      return outputs.map { _ in .constant }
    }
    return outputs.map { _ in placement.moved(input.images, "its sums run along the images' axis") { $0 == axis ? nil : $0 } }
  }
}
