import Networks
import Tensors

/// Every operator that only moves elements: each element of an output is one of the input, or a constant.
///
/// Where they come from is not written again here: the operator's own folding is applied to the input's places instead of its
/// values.
final class IndexMapKernel: Kernel {
  private let context: NodeContext
  /// For every output, the place in the input of each element; −1 for the fill.
  private let maps: [[Int32]]
  private let fill: Float

  /// Slice, Split, Transpose, Expand and Gather.
  init(_ context: NodeContext) throws {
    self.context = context
    var inputs = context.inputs
    let shape = try context.shape(0)
    inputs[0] = Fact(.int64(Tensor((0..<Int64(shape.count)).map { $0 }, shape: shape)))
    maps = try context.node.op.infer(inputs, outputs: context.node.outputs.count).map { fact in
      guard let places = fact.value?.integers else {
        throw EspalierError("its places depend on the network's input", accepted: "constant indices")
      }
      return places.map(Int32.init)
    }
    fill = 0
  }

  /// Padding of any kind.
  init(pad op: Op.Pad, _ context: NodeContext) throws {
    self.context = context
    let shape = try context.shape(0)
    guard let pads = try context.integers(1) else { throw EspalierError("the pads are left out") }
    let (begin, _) = try op.borders(of: shape, pads: pads, axes: context.integers(3))
    fill = try context.number(2) ?? 0
    maps = [
      IndexMapKernel.map(from: shape, to: context.outputs[0].shape) { axis, place in
        let length = shape[axis]
        let inner = place - begin[axis]
        if inner >= 0 && inner < length { return inner }
        switch op.mode {
        case .constant: return nil
        case .edge: return min(max(inner, 0), length - 1)
        case .wrap: return ((inner % length) + length) % length
        case .reflect:
          guard length > 1 else { return 0 }
          let period = 2 * (length - 1)
          let phase = ((inner % period) + period) % period
          return phase < length ? phase : period - phase
        }
      }
    ]
  }

  /// Nearest-neighbour resizing.
  init(resize op: Op.Resize, _ context: NodeContext) throws {
    self.context = context
    let (source, target) = (try context.shape(0), context.outputs[0].shape)
    let scales = op.scales(source: source, target: target, declared: context.inputs)
    fill = 0
    maps = [
      IndexMapKernel.map(from: source, to: target) { axis, place in
        guard source[axis] != target[axis] || scales[axis] != 1 else { return place }
        let origin = op.origin(of: place, scale: scales[axis], source: source[axis], target: target[axis])
        let nearest: Double =
          switch op.rounding {
          case .floor: origin.rounded(.down)
          case .ceil: origin.rounded(.up)
          case .roundPreferFloor: (origin - 0.5).rounded(.up)
          case .roundPreferCeil: (origin + 0.5).rounded(.down)
          }
        return min(max(Int(nearest), 0), source[axis] - 1)
      }
    ]
  }

  /// A map that treats every axis by itself.
  private static func map(from source: Shape, to target: Shape, place: (_ axis: Int, _ place: Int) -> Int?) -> [Int32] {
    var map: [Int32?] = [0]
    for axis in 0..<target.rank {
      let places = (0..<target[axis]).map { place(axis, $0) }
      let stride = Int32(source.strides[axis])
      map = map.flatMap { start in places.map { step in start.flatMap { start in step.map { start + Int32($0) * stride } } } }
    }
    return map.map { $0 ?? -1 }
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let plain = try builder.reorder(slot, to: .plain(builder.layout(slot).shape))
    let fill = fill
    for (output, map) in zip(context.node.outputs, maps) where !output.isEmpty {
      let result = builder.allocate(.plain(try builder.shape(of: output)), name: output)
      builder.addStep(context.node.label, reads: [plain], writes: [result]) { program in
        let (x, y) = (program.pointer(plain), program.pointer(result))
        for i in map.indices { y[i] = map[i] < 0 ? fill : x[Int(map[i])] }
      }
      builder.define(output, result)
    }
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard wanted[0], gradients.contains(where: { $0 != nil }) else { return wanted.map { _ in nil } }
    let layout = Layout.plain(try context.shape(0))
    let result = builder.allocate(layout, name: context.node.label)
    var parts: [(Slot, [Int32])] = []
    for (gradient, map) in zip(gradients, maps) {
      if let gradient { parts.append((try builder.reorder(gradient, to: .plain(builder.layout(gradient).shape)), map)) }
    }
    let all = parts
    builder.addStep(context.node.label, reads: all.map(\.0), writes: [result]) { program in
      let y = program.pointer(result)
      y.update(repeating: 0, count: layout.floatCount)
      for (slot, map) in all {
        let x = program.pointer(slot)
        for i in map.indices where map[i] >= 0 { y[Int(map[i])] += x[i] }
      }
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}

extension Op.Resize {
  /// How much larger the result is, per axis: as declared where it is, else the quotient of the lengths.
  func scales(source: Shape, target: Shape, declared inputs: [Fact?]) -> [Double] {
    let sizesGiven = inputs.count > 3 && (inputs[3]?.value?.integers?.isEmpty == false)
    if !sizesGiven, inputs.count > 2, let scales = inputs[2]?.value?.floats?.elements, scales.count == source.rank {
      return scales.map(Double.init)
    }
    return zip(source.dimensions, target.dimensions).map { $0 == 0 ? 1 : Double($1) / Double($0) }
  }

  /// The place in the input, between elements, that a place in the result shows.
  func origin(of place: Int, scale: Double, source: Int, target: Int) -> Double {
    let place = Double(place)
    return switch coordinates {
    case .halfPixel: (place + 0.5) / scale - 0.5
    case .pytorchHalfPixel: target > 1 ? (place + 0.5) / scale - 0.5 : 0
    case .alignCorners: target > 1 ? place * Double(source - 1) / Double(target - 1) : 0
    case .asymmetric: place / scale
    }
  }
}
