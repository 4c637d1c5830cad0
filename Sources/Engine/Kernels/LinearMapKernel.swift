import Networks
import Tensors

/// Operators whose outputs are fixed weighted sums of input elements: means over axes, bilinear resizing, unusual average
/// pools. The weights are written out once; backward is the transpose.
final class LinearMapKernel: Kernel {
  private let context: NodeContext
  /// The terms of output i are those from `starts[i]` to `starts[i + 1]`.
  private let starts: [Int]
  private let places: [Int32]
  private let weights: [Float]

  private init(_ context: NodeContext, terms: [[(place: Int, weight: Double)]]) {
    self.context = context
    var starts = [0]
    var places: [Int32] = []
    var weights: [Float] = []
    for list in terms {
      for term in list {
        places.append(Int32(term.place))
        weights.append(Float(term.weight))
      }
      starts.append(places.count)
    }
    (self.starts, self.places, self.weights) = (starts, places, weights)
  }

  /// The terms of a map that treats every axis by itself: products of the axes' weights.
  private static func separable(
    from source: Shape, to target: [Int], terms: (_ axis: Int, _ place: Int) -> [(place: Int, weight: Double)]
  ) -> [[(place: Int, weight: Double)]] {
    var all: [[(place: Int, weight: Double)]] = [[(0, 1)]]
    for axis in target.indices {
      let perPlace = (0..<target[axis]).map { terms(axis, $0) }
      let stride = source.strides[axis]
      all = all.flatMap { outer in
        perPlace.map { inner in outer.flatMap { o in inner.map { (o.place + $0.place * stride, o.weight * $0.weight) } } }
      }
    }
    return all
  }

  /// The mean over some axes.
  convenience init(mean op: Op.ReduceMean, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let axes = Set(try op.reducedAxes(of: shape, declared: context.integers(1)))
    let target = shape.dimensions.enumerated().map { axes.contains($0) ? 1 : $1 }
    self.init(
      context,
      terms: LinearMapKernel.separable(from: shape, to: target) { axis, place in
        axes.contains(axis) ? (0..<shape[axis]).map { ($0, 1 / Double(shape[axis])) } : [(place, 1)]
      })
  }

  /// Bilinear resizing.
  convenience init(resize op: Op.Resize, _ context: NodeContext) throws {
    let (source, target) = (try context.shape(0), context.outputs[0].shape)
    let scales = op.scales(source: source, target: target, declared: context.inputs)
    self.init(
      context,
      terms: LinearMapKernel.separable(from: source, to: target.dimensions) { axis, place in
        guard source[axis] != target[axis] || scales[axis] != 1 else { return [(place, 1)] }
        let last = Double(source[axis] - 1)
        let origin = min(max(op.origin(of: place, scale: scales[axis], source: source[axis], target: target[axis]), 0), last)
        let low = min(Int(origin), source[axis] - 1)
        let share = origin - Double(low)
        return share == 0 ? [(low, 1)] : [(low, 1 - share), (low + 1, share)]
      })
  }

  /// Average pooling with a divisor that oneDNN does not know.
  convenience init(averagePool op: Op.AveragePool, _ placement: Window.Placement, _ context: NodeContext) throws {
    let (source, target) = (try context.shape(0), context.outputs[0].shape)
    func window(_ axis: Int, _ place: Int) -> (inside: [Int], counted: Int) {
      let start = place * placement.strides[axis] - placement.begin[axis]
      let all = (0..<placement.kernel[axis]).map { start + $0 * placement.dilations[axis] }
      let inside = all.filter { $0 >= 0 && $0 < placement.input[axis] }
      // Padding counts as declared; what a last window reaches beyond it does not.
      let counted = op.countsPadding ? all.filter { $0 < placement.input[axis] + placement.end[axis] }.count : inside.count
      return (inside, counted)
    }
    self.init(
      context,
      terms: LinearMapKernel.separable(from: source, to: target.dimensions) { axis, place in
        guard axis >= 2 else { return [(place, 1)] }
        let (inside, counted) = window(axis - 2, place)
        return inside.map { ($0, 1 / Double(max(counted, 1))) }
      })
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let plain = try builder.reorder(slot, to: .plain(builder.layout(slot).shape))
    let result = builder.allocate(.plain(context.outputs[0].shape), name: context.node.outputs[0])
    let (starts, places, weights) = (starts, places, weights)
    builder.addStep(context.node.label, reads: [plain], writes: [result]) { program in
      let (x, y) = (program.pointer(plain), program.pointer(result))
      for i in 0..<starts.count - 1 {
        var sum = 0.0
        for term in starts[i]..<starts[i + 1] { sum += Double(weights[term]) * Double(x[Int(places[term])]) }
        y[i] = Float(sum)
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let incoming = try builder.reorder(gradient, to: .plain(context.outputs[0].shape))
    let layout = Layout.plain(try context.shape(0))
    let result = builder.allocate(layout, name: context.node.label)
    let (starts, places, weights) = (starts, places, weights)
    builder.addStep(context.node.label, reads: [incoming], writes: [result]) { program in
      let (x, y) = (program.pointer(incoming), program.pointer(result))
      y.update(repeating: 0, count: layout.floatCount)
      for i in 0..<starts.count - 1 {
        for term in starts[i]..<starts[i + 1] { y[Int(places[term])] += weights[term] * x[i] }
      }
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}
