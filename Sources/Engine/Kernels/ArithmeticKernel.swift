import Networks
import Tensors

/// An operation on two tensors, broadcast: row-major where their shapes differ.
final class ArithmeticKernel: Kernel {
  enum Operation: Sendable {
    case subtract, multiply, divide, least, greatest
    /// PRelu: the second operand is the slope below zero.
    case slope
  }

  private let operation: Operation
  private let context: NodeContext

  init(_ operation: Operation, _ context: NodeContext) throws {
    self.operation = operation
    self.context = context
  }

  /// The operands in one layout and shape.
  private func operands(_ builder: PlanBuilder) throws -> (Slot, Slot, Layout) {
    let shape = context.outputs[0].shape
    let (a, b) = (try builder.slot(of: context.input(0)), try builder.slot(of: context.input(1)))
    let label = context.node.label
    if builder.layout(a).shape == shape, builder.layout(b).shape == shape {
      return (a, try builder.reorder(b, to: builder.layout(a)), builder.layout(a))
    }
    return (try builder.broadcast(a, to: shape, label: label), try builder.broadcast(b, to: shape, label: label), .plain(shape))
  }

  func forward(_ builder: PlanBuilder) throws {
    let (a, b, layout) = try operands(builder)
    let result = builder.allocate(layout, name: context.node.outputs[0])
    let operation = operation
    builder.addStep(context.node.label, reads: [a, b], writes: [result]) { program in
      let (x, y, z) = (program.pointer(a), program.pointer(b), program.pointer(result))
      let count = layout.floatCount
      switch operation {
      case .subtract: for i in 0..<count { z[i] = x[i] - y[i] }
      case .multiply: for i in 0..<count { z[i] = x[i] * y[i] }
      case .divide:
        for i in 0..<count { z[i] = x[i] / y[i] }
        program.featureMap(result).clearPadding()
      case .least: for i in 0..<count { z[i] = x[i] <= y[i] || x[i].isNaN ? x[i] : y[i] }
      case .greatest: for i in 0..<count { z[i] = x[i] >= y[i] || x[i].isNaN ? x[i] : y[i] }
      case .slope: for i in 0..<count { z[i] = x[i] > 0 ? x[i] : x[i] * y[i] }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    let (a, b, layout) = try operands(builder)
    let incoming = try builder.reorder(gradient, to: layout)
    let operation = operation
    return try (0..<2).map { position -> Slot? in
      guard wanted[position] else { return nil }
      let result = builder.allocate(layout, name: context.node.label)
      builder.addStep(context.node.label, reads: [a, b, incoming], writes: [result]) { program in
        let (x, y, g, z) = (program.pointer(a), program.pointer(b), program.pointer(incoming), program.pointer(result))
        let count = layout.floatCount
        switch (operation, position) {
        case (.subtract, 0): z.update(from: g, count: count)
        case (.subtract, _): for i in 0..<count { z[i] = -g[i] }
        case (.multiply, 0): for i in 0..<count { z[i] = g[i] * y[i] }
        case (.multiply, _): for i in 0..<count { z[i] = g[i] * x[i] }
        case (.divide, 0): for i in 0..<count { z[i] = g[i] / y[i] }
        case (.divide, _): for i in 0..<count { z[i] = -g[i] * x[i] / (y[i] * y[i]) }
        // Of two that are equal the first wins.
        case (.least, 0): for i in 0..<count { z[i] = x[i] <= y[i] ? g[i] : 0 }
        case (.least, _): for i in 0..<count { z[i] = x[i] <= y[i] ? 0 : g[i] }
        case (.greatest, 0): for i in 0..<count { z[i] = x[i] >= y[i] ? g[i] : 0 }
        case (.greatest, _): for i in 0..<count { z[i] = x[i] >= y[i] ? 0 : g[i] }
        case (.slope, 0): for i in 0..<count { z[i] = x[i] > 0 ? g[i] : g[i] * y[i] }
        case (.slope, _): for i in 0..<count { z[i] = x[i] > 0 ? 0 : g[i] * x[i] }
        }
        if case .divide = operation { program.featureMap(result).clearPadding() }
      }
      return try builder.sumBack(result, to: context.shape(position), label: context.node.label)
    }
  }
}
