import Tensors

extension Op {
  /// A new axis along which one position, named by an index, has another value: inputs indices, the axis's length, and the two
  /// values, off and on.
  ///
  /// An index that there is not leaves all positions off.
  public struct OneHot: Operator {
    public static let name = "OneHot"
    public static let arity = 3...3
    /// The position of the new axis in the result; negative from the end.
    public var axis: Int

    /// Makes the operator.
    public init(axis: Int = -1) { self.axis = axis }
  }
}

extension Op.OneHot {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let (indices, values) = (try inputs.required(0), try inputs.required(2))
    guard let depth = try inputs.required(1).value?.numbers, depth.count == 1, let length = Int(exactly: depth[0]), length >= 0
    else {
      throw EspalierError("the length of its axis is no number known ahead", accepted: "one whole number, 0 or more")
    }
    guard values.shape == [2] else {
      throw EspalierError("its values have shape \(values.shape)", accepted: "two numbers, off and on")
    }
    let rank = indices.shape.rank
    guard axis >= -rank - 1, axis <= rank else {
      throw EspalierError("there is no axis \(axis) to add to shape \(indices.shape)", accepted: "\(-rank - 1) to \(rank)")
    }
    let position = axis < 0 ? axis + rank + 1 : axis
    var lengths = indices.shape.dimensions
    lengths.insert(length, at: position)
    let shape = try Shape(validating: lengths)
    return [
      Fact(shape) {
        guard let numbers = indices.value?.numbers, let values = values.value else { return nil }
        let inner = shape.dimensions[(position + 1)...].reduce(1, *)
        let isOn = (0..<shape.count).map { element -> Bool in
          let (place, outer) = (element / inner % length, element / inner / length)
          let index = numbers[outer * inner + element % inner]
          return index == Double(place) || index == Double(place - length)
        }
        switch values {
        case .float(let pair): return .float(Tensor(isOn.map { pair.elements[$0 ? 1 : 0] }, shape: shape))
        case .int64(let pair): return .int64(Tensor(isOn.map { pair.elements[$0 ? 1 : 0] }, shape: shape))
        }
      }
    ]
  }

  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    flow.stop(node, "OneHot '\(node.label)' counts by them")
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    guard let indices = inputs.first ?? nil, inputs.dropFirst().allSatisfy({ $0.map { $0.images == .constant } ?? true }) else {
      return outputs.map { _ in .mixed("its values depend on the images") }
    }
    let rank = indices.fact.shape.rank
    let position = axis < 0 ? axis + rank + 1 : axis
    return outputs.map { _ in placement.moved(indices.images, "") { $0 < position ? $0 : $0 + 1 } }
  }
}

extension Constant {
  /// The elements, as numbers of double precision.
  var numbers: [Double] {
    switch self {
    case .float(let tensor): tensor.elements.map(Double.init)
    case .int64(let tensor): tensor.elements.map(Double.init)
    }
  }
}
