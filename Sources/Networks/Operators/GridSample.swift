import Tensors

extension Op {
  /// Maps `[N, C, H, W]` read at positions `[N, H′, W′, 2]` of a second input, x before y, from −1 to 1 across the map.
  public struct GridSample: Operator {
    /// How values between elements are found.
    public enum Mode: String, CaseIterable, Hashable, Sendable {
      case linear, nearest
    }

    /// What lies beyond the map.
    public enum Padding: String, CaseIterable, Hashable, Sendable {
      /// Zeros.
      case zeros
      /// The nearest element.
      case border
      /// The map's reflection.
      case reflection
    }

    public static let name = "GridSample"
    public static let arity = 2...2
    /// How values between elements are found.
    public var mode: Mode
    /// What lies beyond the map.
    public var padding: Padding
    /// Whether −1 and 1 are the centres of the outermost elements rather than their edges.
    public var alignsCorners: Bool

    /// Makes the operator.
    public init(mode: Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
      (self.mode, self.padding, self.alignsCorners) = (mode, padding, alignsCorners)
    }
  }
}

extension Op.GridSample {
  public var sign: SignBehaviour { .ofFirst }

  /// A position along an axis, in elements: where a coordinate leads within what is read, and how fast.
  public struct Position: Sendable {
    /// The position of the first of the two elements that it lies between.
    public let low: Int
    /// How much of the way to the second it is.
    public let share: Float
    /// The derivative of the position with respect to the coordinate.
    public let slope: Float
  }

  /// The position of a coordinate along an axis; NaN and what is far outside lie beyond the map.
  ///
  /// In mode `nearest` it is an element, halves being rounded to even.
  @inline(__always)
  public func position(of coordinate: Float, length: Int) -> Position {
    let last = Float(length - 1)
    var slope = alignsCorners ? last / 2 : Float(length) / 2
    var x = alignsCorners ? (coordinate + 1) / 2 * last : ((coordinate + 1) * Float(length) - 1) / 2
    switch padding {
    case .zeros: break
    case .border:
      if !(x > 0 && x < last) { slope = 0 }
      x = min(max(x, 0), last)
    case .reflection:
      let (low, span) = alignsCorners ? (Float(0), last) : (Float(-0.5), Float(length))
      if span > 0, x.isFinite {
        let distance = abs(x - low)
        if x < low { slope = -slope }
        let turns = (distance / span).rounded(.down)
        let rest = distance - turns * span
        let isBack = turns.truncatingRemainder(dividingBy: 2) != 0
        if isBack { slope = -slope }
        x = isBack ? span - rest + low : rest + low
      } else {
        (x, slope) = (0, 0)
      }
      if !(x > 0 && x < last) { slope = 0 }
      x = min(max(x, 0), last)
    }
    // Beyond the map by more than an element is as good as anywhere beyond it.
    if !(x > -2) { (x, slope) = (-2, 0) }
    if x > last + 2 { (x, slope) = (last + 2, 0) }
    if mode == .nearest { return Position(low: Int(x.rounded(.toNearestOrEven)), share: 0, slope: 0) }
    let low = x.rounded(.down)
    return Position(low: Int(low), share: x - low, slope: slope)
  }

  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let (x, grid) = (try inputs.required(0).shape, try inputs.required(1).shape)
    try x.requireRank(4...4, "maps [N, C, H, W]")
    guard grid.rank == 4, grid[0] == x[0], grid[3] == 2 else {
      throw EspalierError("its positions have shape \(grid) for maps of \(x)", accepted: "[\(x[0]), height, width, 2]")
    }
    guard x[2] > 0, x[3] > 0, max(x[2], x[3]) <= 1 << 24 else {
      throw EspalierError("it reads maps of \(x)", accepted: "maps that are not empty, of at most 2^24 rows and columns")
    }
    return [Fact(try Shape(validating: [x[0], x[1], grid[1], grid[2]]))]
  }

  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let grid = flow.input(node, 1) else { return }
    if let positions = flow.channels[grid] { flow.pin(positions.labels, "GridSample '\(node.label)' reads positions from them") }
    guard let own = flow.channels[input] else { return flow.definePinned(node.outputs[0], "its maps are constants") }
    let kept = flow.collapsed(own, to: [1], "GridSample '\(node.label)' reads between them")
    flow.define(input, kept)
    flow.define(node.outputs[0], kept)
  }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    let placed = inputs.map { input in
      input.map { placement.moved($0.images, "it reads across the images' axis") { $0 == 0 ? 0 : nil } } ?? .constant
    }
    return outputs.map { _ in placement.together(placed) }
  }
}
