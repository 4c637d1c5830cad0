import Tensors

/// One axis of a `Resize`: which positions of the input its positions show.
public struct ResizedAxis: Hashable, Sendable {
  /// The operator.
  public let op: Op.Resize
  /// The length of the input's axis.
  public let source: Int
  /// The length of the result's axis.
  public let target: Int
  /// The factor that the file declares; nil where it gives the length, so that the factor is the quotient of both lengths.
  public let factor: Float?

  /// Makes an axis.
  public init(op: Op.Resize, source: Int, target: Int, factor: Float? = nil) {
    (self.op, self.source, self.target, self.factor) = (op, source, target, factor)
  }

  /// Whether anything but a copy comes out.
  public var isChanged: Bool { source != target || (factor ?? 1) != 1 }

  /// The position in the input, between elements, that a position in the result shows.
  ///
  /// With given lengths it is one quotient of integers, which no rounding takes over a tie; a declared factor is computed with in
  /// single precision, as onnxruntime does, since at a tie its rounding decides.
  public func origin(of position: Int) -> Double {
    switch op.coordinates {
    case .alignCorners: target > 1 ? Double(position * (source - 1)) / Double(target - 1) : 0
    case .pytorchHalfPixel where target <= 1: 0
    case .halfPixel, .pytorchHalfPixel:
      if let factor {
        Double((Float(position) + 0.5) / factor - 0.5)
      } else {
        Double((2 * position + 1) * source - target) / Double(2 * target)
      }
    case .asymmetric:
      if let factor { Double(Float(position) / factor) } else { Double(position * source) / Double(target) }
    }
  }

  /// The position of the input's element that a position in the result takes in mode `nearest`.
  public func nearest(to position: Int) -> Int {
    guard isChanged else { return position }
    let origin = origin(of: position)
    let nearest: Double =
      switch op.rounding {
      case .floor: origin.rounded(.down)
      case .ceil: origin.rounded(.up)
      case .roundPreferFloor: (origin - 0.5).rounded(.up)
      case .roundPreferCeil:
        factor == nil ? (origin + 0.5).rounded(.down) : Double((Float(origin) + 0.5).rounded(.down))
      }
    return Int(min(max(nearest, 0), Double(source - 1)))
  }

  /// The input's elements that a position in the result is a weighted sum of.
  public func terms(of position: Int) -> [(position: Int, weight: Double)] {
    guard isChanged, op.mode != .nearest else { return [(nearest(to: position), 1)] }
    let (origin, last) = (origin(of: position), Double(source - 1))
    if op.mode == .linear {
      let inside = min(max(origin, 0), last)
      let low = Int(inside)
      let share = inside - Double(low)
      return share == 0 ? [(low, 1)] : [(low, 1 - share), (low + 1, share)]
    }
    // Keys, Cubic convolution interpolation (1981), equation 4: the pieces of the kernel, from 0 to 1 and from 1 to 2 away.
    let a = Double(op.cubicCoefficient)
    func weight(_ distance: Double) -> Double {
      distance <= 1
        ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
        : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    }
    // What is far beyond the edge is at its element, however far.
    let near = min(max(origin, -3), last + 3)
    let low = near.rounded(.down)
    var terms = (-1...2).map { (position: Int(low) + $0, weight: weight(abs(near - low - Double($0)))) }
    if op.excludesOutside {
      terms.removeAll { $0.position < 0 || $0.position >= source }
      let sum = terms.reduce(0) { $0 + $1.weight }
      return terms.map { ($0.position, $0.weight / sum) }
    }
    return terms.map { (min(max($0.position, 0), source - 1), $0.weight) }
  }
}

extension Op.Resize {
  /// Every axis of the input, as the operator changes it.
  ///
  /// - Parameter inputs: what is known of the operator's inputs, whose sizes or factors are.
  /// - Throws: `EspalierError` if they do not fit.
  public func resizedAxes(_ inputs: [Fact?], target: Shape) throws -> [ResizedAxis] {
    let source = try inputs.required(0).shape
    var factors: [Float?] = [Float?](repeating: nil, count: source.rank)
    if try inputs.integers(3, "sizes")?.isEmpty ?? true, let declared = inputs.optional(2)?.value?.floats?.elements {
      for (axis, factor) in zip(try resizedPositions(of: source, count: declared.count), declared) { factors[axis] = factor }
    }
    return (0..<source.rank).map { ResizedAxis(op: self, source: source[$0], target: target[$0], factor: factors[$0]) }
  }

  /// The positions of the axes that sizes and factors are given for.
  func resizedPositions(of shape: Shape, count: Int) throws -> [Int] {
    let positions = axes.isEmpty ? Array(0..<shape.rank) : try shape.axes(axes)
    guard positions.count == count else {
      throw EspalierError("\(count) sizes or scales for an input of \(shape)", accepted: "\(positions.count)")
    }
    return positions
  }

  /// The axes and their sizes that make each first shape the second, or nil if a size would depend on the batch.
  ///
  /// Axes that keep their length are left out: whatever the mode, they are copied.
  func sizes(thatMake shapes: [(from: Shape, to: Shape)]) -> (axes: [Int], sizes: [Int])? {
    guard let first = shapes.first, first.to.rank > 0,
      shapes.allSatisfy({ $0.from.rank == first.to.rank && $0.to.rank == first.to.rank })
    else { return nil }
    var changed = first.to.dimensions.indices.filter { axis in !shapes.allSatisfy { $0.from[axis] == $0.to[axis] } }
    if changed.isEmpty { changed = [first.to.rank - 1] }
    guard changed.allSatisfy({ axis in shapes.allSatisfy { $0.to[axis] == first.to[axis] } }) else { return nil }
    return (changed, changed.map { first.to[$0] })
  }
}

extension GraphEditor {
  /// Gives a `Resize` sizes for the axes that change alone, so that nothing in it depends on the batch; leaves it where one does.
  mutating func setSizes(ofResize position: Int, thatMake shapes: [(from: Shape, to: Shape)]) {
    guard var resize = nodes[position].op as? Op.Resize, let (axes, sizes) = resize.sizes(thatMake: shapes) else { return }
    resize.axes = axes
    nodes[position].op = resize
    nodes[position].inputs = [
      nodes[position].inputs[0], nil, nil, add(.integers(sizes), named: nodes[position].label + ".sizes"),
    ]
  }
}
