import Networks
import Tensors

/// Every operator that only moves elements: each element of an output is one of the input, or a constant.
///
/// Where they come from is not written again here: the operator's own folding is applied to the input's positions instead of its
/// values.
final class IndexMapKernel: Kernel {
  private let context: NodeContext
  /// For every output, the position in the input of each element of a slab; −1 for the fill.
  private let maps: [[Int32]]
  private let fill: Float
  /// The number of slabs that are all alike.
  private let slabs: Int

  /// Slice, Split, Transpose, Expand and Gather.
  ///
  /// - Parameter keepsRows: whether each row of the outputs comes from the same row of the input.
  init(_ context: NodeContext, keepsRows: Bool) throws {
    self.context = context
    let shape = try context.shape(0)
    func maps(_ shape: Shape) throws -> [Fact] {
      guard shape.count <= Int(Int32.max) else { throw EspalierError("an input of \(shape)", accepted: "at most 2^31 elements") }
      var inputs = context.inputs
      inputs[0] = Fact(.int64(Tensor((0..<Int64(shape.count)).map { $0 }, shape: shape)))
      return try context.node.op.infer(inputs, outputs: context.node.outputs.count)
    }
    let row = keepsRows && shape.rank > 0 ? try? maps(shape.replacing(axis: 0, with: 1)) : nil
    let isAlike =
      row.map { rows in
        zip(rows, context.outputs).allSatisfy {
          // A target that names the batch makes all rows of one.
          $0.shape.rank > 0 && $0.shape[0] == 1 && $0.shape.replacing(axis: 0, with: shape[0]) == $1.shape
        }
      } ?? false
    slabs = isAlike ? shape[0] : 1
    self.maps = try (isAlike ? row! : maps(shape)).map { fact in
      guard let positions = fact.value?.integers else {
        throw EspalierError(
          "its positions depend on the network's input, or are more than can be written down",
          accepted: "constant indices, and at most \(Fact.largestFolded) elements a batch")
      }
      return positions.map(Int32.init)
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
    slabs = shape.rank > 0 && begin[0] == 0 && context.outputs[0].shape[0] == shape[0] ? shape[0] : 1
    maps = [
      try IndexMapKernel.map(from: shape, to: context.outputs[0].shape, slabs: slabs) { axis, position in
        let length = shape[axis]
        let inner = position - begin[axis]
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
    let axes = try op.resizedAxes(context.inputs, target: target)
    fill = 0
    slabs = source.rank > 0 && !axes[0].isChanged ? source[0] : 1
    maps = [
      try IndexMapKernel.map(from: source, to: target, slabs: slabs) { axes[$0].nearest(to: $1) }
    ]
  }

  /// A map that treats every axis by itself; of the first of the slabs into which the first axis is cut, unless there is one
  /// alone.
  private static func map(
    from source: Shape, to target: Shape, slabs: Int, position: (_ axis: Int, _ position: Int) -> Int?
  ) throws -> [Int32] {
    guard max(source.count, target.count) / max(slabs, 1) <= Int(Int32.max) else {
      throw EspalierError("\(source) becomes \(target)", accepted: "at most 2^31 elements a sample")
    }
    var map: [Int32?] = [0]
    for axis in (slabs == 1 ? 0 : 1)..<target.rank {
      let positions = (0..<target[axis]).map { position(axis, $0) }
      let stride = Int32(source.strides[axis])
      map = map.flatMap { start in positions.map { step in start.flatMap { start in step.map { start + Int32($0) * stride } } } }
    }
    return map.map { $0 ?? -1 }
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let plain = try builder.reorder(slot, to: .plain(builder.layout(slot).shape))
    let (fill, slabs) = (fill, slabs)
    let size = builder.layout(plain).floatCount / max(slabs, 1)
    for (output, map) in zip(context.node.outputs, maps) where !output.isEmpty {
      let result = builder.allocate(.plain(try builder.shape(of: output)), name: output)
      builder.addStep(context.node.label, reads: [plain], writes: [result]) { program in
        for slab in 0..<slabs {
          let (x, y) = (program.pointer(plain) + slab * size, program.pointer(result) + slab * map.count)
          for i in map.indices { y[i] = map[i] < 0 ? fill : x[Int(map[i])] }
        }
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
    let (all, slabs) = (parts, slabs)
    let size = layout.floatCount / max(slabs, 1)
    builder.addStep(context.node.label, reads: all.map(\.0), writes: [result]) { program in
      program.pointer(result).update(repeating: 0, count: layout.floatCount)
      for (slot, map) in all {
        for slab in 0..<slabs {
          let (x, y) = (program.pointer(slot) + slab * map.count, program.pointer(result) + slab * size)
          for i in map.indices where map[i] >= 0 { y[Int(map[i])] += x[i] }
        }
      }
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}
