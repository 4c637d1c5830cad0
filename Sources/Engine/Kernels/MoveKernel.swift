import Networks
import Tensors

/// Every operator that only moves elements: each element of an output is one of the input, or a constant.
final class MoveKernel: Kernel {
  private let context: NodeContext
  /// One an output.
  private let moves: [Move]
  private let fill: Float

  private init(_ context: NodeContext, _ moves: [Move], fill: Float = 0) {
    self.context = context
    self.moves = moves
    self.fill = fill
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { inputs[0].map { max($0, Double(abs(fill))) } }

  /// A box of the input.
  convenience init(slice op: Op.Slice, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let ranges = try op.ranges(
      of: shape, starts: context.known(1, "starts"), ends: context.known(2, "ends"), axes: context.integers(3),
      steps: context.integers(4))
    self.init(
      context,
      [
        Move(
          zip(ranges, shape.strides).map { range, stride in
            (0..<range.count).map { (range.start + $0 * range.step) * stride }
          })
      ])
  }

  /// Parts along an axis.
  convenience init(split op: Op.Split, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let axis = op.axis < 0 ? op.axis + shape.rank : op.axis
    var first = 0
    self.init(
      context,
      context.outputs.map { output in
        let move = Move(
          zip(0..<shape.rank, shape.strides).map { own, stride in
            (0..<output.shape[own]).map { ($0 + (own == axis ? first : 0)) * stride }
          })
        first += output.shape[axis]
        return move
      })
  }

  /// Axes in another order.
  convenience init(transpose op: Op.Transpose, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let order = op.permutation.isEmpty ? Array((0..<shape.rank).reversed()) : op.permutation
    self.init(context, [Move(order.map { axis in (0..<shape[axis]).map { $0 * shape.strides[axis] } })])
  }

  /// Repetition along axes of length 1.
  convenience init(expand context: NodeContext) throws {
    let (shape, target) = (try context.shape(0), context.outputs[0].shape)
    let missing = target.rank - shape.rank
    self.init(
      context,
      [
        Move(
          (0..<target.rank).map { axis in
            let isRepeated = axis < missing || shape[axis - missing] == 1
            return (0..<target[axis]).map { isRepeated ? 0 : $0 * shape.strides[axis - missing] }
          })
      ])
  }

  /// Picking along an axis.
  convenience init(gather op: Op.Gather, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let axis = op.axis < 0 ? op.axis + shape.rank : op.axis
    let picked = try context.known(1, "indices").map { index in
      let index = index < 0 ? index + shape[axis] : index
      guard 0..<shape[axis] ~= index else {
        throw EspalierError("index \(index) is not in axis \(axis) of \(shape)", accepted: "0 to \(shape[axis] - 1)")
      }
      return index * shape.strides[axis]
    }
    self.init(
      context,
      [Move((0..<shape.rank).map { own in own == axis ? picked : (0..<shape[own]).map { $0 * shape.strides[own] } })])
  }

  /// Parts picked along several axes.
  convenience init(gatherND op: Op.GatherND, _ context: NodeContext) throws {
    let shape = try context.shape(0)
    let picked = context.outputs[0].shape.rank - (try context.shape(1).rank - 1)
    let rest = (shape.rank - picked)..<shape.rank
    self.init(
      context,
      [Move([try op.starts(context.inputs)] + rest.map { axis in (0..<shape[axis]).map { $0 * shape.strides[axis] } })])
  }

  /// Borders of any kind.
  convenience init(pad op: Op.Pad, _ context: NodeContext) throws {
    let (shape, target) = (try context.shape(0), context.outputs[0].shape)
    let (begin, _) = try op.borders(of: shape, pads: context.known(1, "pads"), axes: context.integers(3))
    let move = Move(
      (0..<shape.rank).map { axis in
        let length = shape[axis]
        return (0..<target[axis]).map { position in
          let inner = position - begin[axis]
          let source: Int
          switch op.mode {
          case _ where 0..<length ~= inner: source = inner
          case .constant: return Move.outside
          case .edge: source = min(max(inner, 0), length - 1)
          case .wrap: source = ((inner % length) + length) % length
          case .reflect:
            let period = max(2 * (length - 1), 1)
            let phase = ((inner % period) + period) % period
            source = length == 1 ? 0 : phase < length ? phase : period - phase
          }
          return source * shape.strides[axis]
        }
      })
    self.init(context, [move], fill: try context.number(2) ?? 0)
  }

  /// Nearest-neighbour resizing.
  convenience init(resize op: Op.Resize, _ context: NodeContext) throws {
    let (source, target) = (try context.shape(0), context.outputs[0].shape)
    let axes = try op.resizedAxes(context.inputs, target: target)
    self.init(
      context,
      [
        Move(
          (0..<target.rank).map { axis in
            (0..<target[axis]).map { axes[axis].nearest(to: $0) * source.strides[axis] }
          })
      ])
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let plain = try builder.reorder(slot, to: .plain(builder.layout(slot).shape))
    let fill = fill
    for (output, move) in zip(context.node.outputs, moves) where !output.isEmpty {
      let result = builder.allocate(.plain(try builder.shape(of: output)), name: output)
      builder.addStep(context.node.label, reads: [plain], writes: [result]) { program in
        move.apply(program.pointer(plain), to: program.pointer(result), fill: fill)
      }
      builder.define(output, result)
    }
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard wanted[0], gradients.contains(where: { $0 != nil }) else { return wanted.map { _ in nil } }
    let layout = Layout.plain(try context.shape(0))
    let result = builder.allocate(layout, name: context.node.label)
    var parts: [(slot: Slot, move: Move)] = []
    for (gradient, move) in zip(gradients, moves) {
      if let gradient { parts.append((try builder.reorder(gradient, to: .plain(builder.layout(gradient).shape)), move)) }
    }
    let all = parts
    builder.addStep(context.node.label, reads: all.map(\.slot), writes: [result]) { program in
      let z = program.pointer(result)
      z.update(repeating: 0, count: layout.floatCount)
      for (slot, move) in all { move.applyBack(program.pointer(slot), addingTo: z) }
    }
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}

extension PlanBuilder {
  /// Appends a copy of a slot with its axes in another order, row-major.
  ///
  /// - Throws: `EspalierError` if oneDNN cannot reorder.
  package func permuted(_ slot: Slot, _ order: [Int], label: String) throws -> Slot {
    let shape = layout(slot).shape
    let source = try reorder(slot, to: .plain(shape))
    let move = Move(order.map { axis in (0..<shape[axis]).map { $0 * shape.strides[axis] } })
    let result = allocate(.plain(Shape(order.map { shape[$0] })), name: label)
    addStep(label, reads: [source], writes: [result]) { program in
      move.apply(program.pointer(source), to: program.pointer(result), fill: 0)
    }
    return result
  }
}

extension NodeContext {
  /// The whole numbers in an input that is known ahead.
  ///
  /// - Throws: `EspalierError` if they depend on the network's input.
  fileprivate func known(_ position: Int, _ name: String) throws -> [Int] {
    guard let numbers = try integers(position) else {
      throw EspalierError("its \(name) depend on the network's input", accepted: "constants")
    }
    return numbers
  }
}
