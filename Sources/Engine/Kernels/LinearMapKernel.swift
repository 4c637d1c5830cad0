import Networks
import Tensors

/// Operators whose outputs are fixed weighted sums of input elements: means and sums over axes, bilinear and bicubic resizing,
/// unusual average pools.
///
/// The weights are written out once, for one of the slabs that are all alike; backward is the transpose.
final class LinearMapKernel: Kernel {
  private let context: NodeContext
  private let map: Map

  /// The weighted sums of one slab: the terms of output i are those from `starts[i]` to `starts[i + 1]`.
  private struct Map: Sendable {
    /// The number of slabs: the product of the leading axes that stay as they are.
    let slabs: Int
    /// The number of elements that a slab of the input has.
    let sourceCount: Int
    var targetCount: Int { starts.count - 1 }
    private(set) var starts = [0]
    private(set) var positions: [Int32] = []
    private(set) var weights: [Float] = []

    /// A map that treats every axis by itself: products of the axes' weights.
    ///
    /// - Parameter terms: the terms of a position along an axis, or nil for an axis that stays as it is.
    init(
      from source: Shape, to target: [Int], terms: (_ axis: Int) -> ((_ position: Int) -> [(position: Int, weight: Double)])?
    ) {
      let first = target.indices.first { terms($0) != nil } ?? target.count
      slabs = source.dimensions.prefix(first).reduce(1, *)
      sourceCount = source.dimensions.dropFirst(first).reduce(1, *)
      var all: [[(position: Int, weight: Double)]] = [[(0, 1)]]
      for axis in first..<target.count {
        let rule = terms(axis) ?? { [($0, 1)] }
        let perPosition = (0..<target[axis]).map(rule)
        let stride = source.strides[axis]
        all = all.flatMap { outer in
          perPosition.map { inner in
            outer.flatMap { o in inner.map { (o.position + $0.position * stride, o.weight * $0.weight) } }
          }
        }
      }
      for list in all {
        for term in list {
          positions.append(Int32(term.position))
          weights.append(Float(term.weight))
        }
        starts.append(positions.count)
      }
    }
  }

  private init(_ context: NodeContext, _ map: Map) {
    self.context = context
    self.map = map
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    inputs[0].map { input in
      input
        * (0..<map.targetCount).reduce(0) { greatest, target in
          max(greatest, map.weights[map.starts[target]..<map.starts[target + 1]].reduce(0) { $0 + Double(abs($1)) })
        }
    }
  }

  /// The mean over some axes.
  convenience init(mean op: Op.ReduceMean, _ context: NodeContext) throws {
    try self.init(reduction: op, context) { 1 / Double($0) }
  }

  /// The sum over some axes.
  convenience init(sum op: Op.ReduceSum, _ context: NodeContext) throws { try self.init(reduction: op, context) { _ in 1 } }

  /// The sum over some axes, with a weight that depends on an axis's length.
  private convenience init(
    reduction op: some Reduction, _ context: NodeContext, weight: @escaping (_ length: Int) -> Double
  ) throws {
    let shape = try context.shape(0)
    let axes = Set(try op.reducedAxes(of: shape, declared: context.integers(1)))
    let target = shape.dimensions.enumerated().map { axes.contains($0) ? 1 : $1 }
    self.init(
      context,
      Map(from: shape, to: target) { axis in
        guard axes.contains(axis) else { return nil }
        return { _ in (0..<shape[axis]).map { ($0, weight(shape[axis])) } }
      })
  }

  /// Sums of all elements up to each.
  convenience init(cumulative op: Op.CumSum, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let summed = try op.axis(context.inputs)
    self.init(
      context,
      Map(from: shape, to: shape.dimensions) { axis in
        guard axis == summed else { return nil }
        return { position in op.terms(of: position, length: shape[axis]).map { ($0, 1) } }
      })
  }

  /// Bilinear and bicubic resizing.
  convenience init(resize op: Op.Resize, _ context: NodeContext) throws {
    let (source, target) = (try context.shape(0), context.outputs[0].shape)
    let axes = try op.resizedAxes(context.inputs, target: target)
    self.init(
      context,
      Map(from: source, to: target.dimensions) { axis in
        guard axes[axis].isChanged else { return nil }
        return axes[axis].terms
      })
  }

  /// Average pooling with a divisor that oneDNN does not know.
  convenience init(averagePool op: Op.AveragePool, _ placement: Window.Placement, _ context: NodeContext) throws {
    let (source, target) = (try context.shape(0), context.outputs[0].shape)
    func window(_ axis: Int, _ position: Int) -> (inside: [Int], counted: Int) {
      let start = position * placement.strides[axis] - placement.begin[axis]
      let all = (0..<placement.kernel[axis]).map { start + $0 * placement.dilations[axis] }
      let inside = all.filter { $0 >= 0 && $0 < placement.input[axis] }
      // Padding counts as declared; what a last window reaches beyond it does not.
      let counted = op.countsPadding ? all.filter { $0 < placement.input[axis] + placement.end[axis] }.count : inside.count
      return (inside, counted)
    }
    self.init(
      context,
      Map(from: source, to: target.dimensions) { axis in
        guard axis >= 2 else { return nil }
        return { position in
          let (inside, counted) = window(axis - 2, position)
          return inside.map { ($0, 1 / Double(max(counted, 1))) }
        }
      })
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let plain = try builder.reorder(slot, to: .plain(builder.layout(slot).shape))
    let result = builder.allocate(.plain(context.outputs[0].shape), name: context.node.outputs[0])
    let map = map
    builder.addStep(context.node.label, reads: [plain], writes: [result]) { program in
      for slab in 0..<map.slabs {
        let x = program.pointer(plain) + slab * map.sourceCount
        let y = program.pointer(result) + slab * map.targetCount
        for i in 0..<map.targetCount {
          var sum = 0.0
          for term in map.starts[i]..<map.starts[i + 1] { sum += Double(map.weights[term]) * Double(x[Int(map.positions[term])]) }
          y[i] = Float(sum)
        }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let incoming = try builder.reorder(gradient, to: .plain(context.outputs[0].shape))
    let layout = Layout.plain(try context.shape(0))
    let result = builder.allocate(layout, name: context.node.label)
    let map = map
    builder.addStep(context.node.label, reads: [incoming], writes: [result]) { program in
      program.pointer(result).update(repeating: 0, count: layout.floatCount)
      for slab in 0..<map.slabs {
        let x = program.pointer(incoming) + slab * map.targetCount
        let y = program.pointer(result) + slab * map.sourceCount
        for i in 0..<map.targetCount {
          for term in map.starts[i]..<map.starts[i + 1] { y[Int(map.positions[term])] += map.weights[term] * x[i] }
        }
      }
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}
