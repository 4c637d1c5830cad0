import Tensors

extension Op.Slice {
  /// The part of an axis that is taken: `start`, `start + step`, … , `count` of them.
  public struct Range: Hashable, Sendable {
    /// The first position.
    public var start: Int
    /// The distance between neighbours; may be negative.
    public var step: Int
    /// The number of positions.
    public var count: Int
  }

  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0)
    let ranges = try ranges(
      of: x.shape, starts: inputs.integers(1, "starts") ?? [], ends: inputs.integers(2, "ends") ?? [],
      axes: inputs.integers(3, "axes"), steps: inputs.integers(4, "steps"))
    let shape = try Shape(validating: ranges.map(\.count))
    return [
      Fact(shape) {
        switch x.value {
        case .float(let tensor): .float(tensor.sliced(ranges, shape))
        case .int64(let tensor): .int64(tensor.sliced(ranges, shape))
        case nil: nil
        }
      }
    ]
  }

  /// What is taken of every axis, negative positions counted from the end and all clamped to the axis.
  ///
  /// - Throws: `EspalierError` if the lists differ in length, an axis does not exist or a step is 0.
  public func ranges(of shape: Shape, starts: [Int], ends: [Int], axes: [Int]?, steps: [Int]?) throws -> [Range] {
    let positions = try shape.axes(axes ?? Array(0..<min(starts.count, shape.rank)))
    guard starts.count == ends.count, starts.count == positions.count, steps == nil || steps!.count == starts.count else {
      throw EspalierError(
        "\(starts.count) starts, \(ends.count) ends, \(positions.count) axes and \(steps?.count ?? starts.count) steps for \(shape)",
        accepted: "as many of each")
    }
    var ranges = shape.dimensions.map { Range(start: 0, step: 1, count: $0) }
    for (position, axis) in positions.enumerated() {
      // Clamped so that a step's negation and sums with lengths are numbers.
      let step = min(max(steps?[position] ?? 1, -(1 << 60)), 1 << 60)
      guard step != 0 else { throw EspalierError("a step of 0 on axis \(axis) of \(shape)") }
      let length = shape[axis]
      func clamped(_ bound: Int) -> Int {
        let bound = bound < 0 ? bound + length : bound
        return step > 0 ? min(max(bound, 0), length) : min(max(bound, -1), length - 1)
      }
      // A descending slice that starts before the first element takes that element, unlike NumPy's.
      let start = max(clamped(starts[position]), 0)
      let span = step > 0 ? clamped(ends[position]) - start : start - clamped(ends[position])
      ranges[axis] = Range(start: start, step: step, count: length == 0 ? 0 : max(0, (span + abs(step) - 1) / abs(step)))
    }
    return ranges
  }
}

extension Op.Pad {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    guard let pads = try inputs.integers(1, "pads") else { throw EspalierError("the pads are left out") }
    let (begin, end) = try borders(of: x, pads: pads, axes: inputs.integers(3, "axes"))
    let lengths = zip(x.dimensions, zip(begin, end)).map { $0 + $1.0 + $1.1 }
    return [Fact(try Shape(validating: lengths))]
  }

  /// What is added before and after every axis; negative where it is cropped.
  ///
  /// - Throws: `EspalierError` if there is not one pair an axis, or the mode cannot fill the border.
  public func borders(of shape: Shape, pads: [Int], axes: [Int]?) throws -> (begin: [Int], end: [Int]) {
    let positions = try shape.axes(axes ?? Array(0..<shape.rank))
    guard pads.count == 2 * positions.count, pads.allSatisfy({ abs($0.clamped) <= Shape.largestCount }) else {
      throw EspalierError("pads \(pads) for \(positions.count) axes of \(shape)", accepted: "\(2 * positions.count) numbers")
    }
    var begin = [Int](repeating: 0, count: shape.rank)
    var end = begin
    for (position, axis) in positions.enumerated() {
      begin[axis] = pads[position]
      end[axis] = pads[position + positions.count]
      let most = mode == .constant ? Int.max : mode == .reflect ? shape[axis] - 1 : shape[axis] == 0 ? 0 : Int.max
      guard max(begin[axis], end[axis], 0) <= max(most, 0) else {
        throw EspalierError("a border of \(begin[axis]) and \(end[axis]) cannot be filled by \(mode.rawValue) from \(shape)")
      }
    }
    return (begin, end)
  }
}

extension Tensor {
  fileprivate func sliced(_ ranges: [Op.Slice.Range], _ shape: Shape) -> Tensor {
    guard shape.count > 0 else { return Tensor([], shape: shape) }
    let strides = self.shape.strides
    return strided(
      offset: zip(ranges, strides).reduce(0) { $0 + $1.0.start * $1.1 },
      strides: zip(ranges, strides).map { $0.count == 1 ? 0 : $0.step * $1 }, shape: shape)
  }
}

extension Int {
  /// The number itself, or the least that has a negation.
  fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
