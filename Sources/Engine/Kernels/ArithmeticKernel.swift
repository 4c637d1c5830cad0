import Networks
import Tensors

/// An operation on two tensors, in the layout of the first that has the result's shape; what is broadcast is read again, not
/// repeated.
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

  /// The operands, and how they lie in the result.
  private func operands(_ builder: PlanBuilder) throws -> (operands: [Operand], lines: BroadcastLines, result: Layout) {
    let slots = try (0..<2).map { try builder.slot(of: context.input($0)) }
    let layout = builder.commonLayout(of: slots, result: context.outputs[0].shape)
    let operands = try slots.map { try builder.operand($0, in: layout) }
    return (operands, try BroadcastLines(operands[0].axes, operands[1].axes, to: layout.axesInMemory), layout)
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    guard let a = inputs[0], let b = inputs[1] else { return nil }
    return switch operation {
    case .subtract: a + b
    case .multiply: a * b
    case .divide: nil
    case .least, .greatest: max(a, b)
    case .slope: max(a, a * b)
    }
  }

  func forward(_ builder: PlanBuilder) throws {
    let (operands, lines, layout) = try operands(builder)
    let (a, b) = (operands[0].slot, operands[1].slot)
    let result = builder.allocate(layout, name: context.node.outputs[0])
    let operation = operation
    builder.addStep(context.node.label, reads: [a, b], writes: [result], isInPlace: true) { program in
      let (x, y, z) = (program.pointer(a), program.pointer(b), program.pointer(result))
      switch operation {
      case .subtract: lines.map(x, y, to: z) { $0 - $1 }
      case .multiply: lines.map(x, y, to: z) { $0 * $1 }
      case .divide: lines.map(x, y, to: z) { $0 / $1 }
      case .least: lines.map(x, y, to: z) { $1.replacing(with: $0, where: ($0 .<= $1) .| ($0 .!= $0)) }
      case .greatest: lines.map(x, y, to: z) { $1.replacing(with: $0, where: ($0 .>= $1) .| ($0 .!= $0)) }
      case .slope: lines.map(x, y, to: z) { ($0 * $1).replacing(with: $0, where: $0 .> 0) }
      }
      program.featureMap(result).clearPadding()
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    let (operands, lines, layout) = try operands(builder)
    let (a, b) = (operands[0].slot, operands[1].slot)
    let incoming = try builder.reorder(gradient, to: layout)
    let operation = operation
    return try (0..<2).map { position -> Slot? in
      guard wanted[position] else { return nil }
      let own = builder.layout(operands[position].slot)
      let result = builder.allocate(own, name: context.node.label)
      builder.addStep(context.node.label, reads: [a, b, incoming], writes: [result]) { program in
        let (x, y, g, z) = (program.pointer(a), program.pointer(b), program.pointer(incoming), program.pointer(result))
        func sweep(_ derivative: (_ x: Float, _ y: Float, _ g: Float) -> Float) {
          lines.gather(x, y, g, to: z, operand: position, count: own.floatCount, derivative)
        }
        switch (operation, position) {
        case (.subtract, 0): sweep { _, _, g in g }
        case (.subtract, _): sweep { _, _, g in -g }
        case (.multiply, 0): sweep { _, y, g in g * y }
        case (.multiply, _): sweep { x, _, g in g * x }
        case (.divide, 0): sweep { _, y, g in g / y }
        case (.divide, _): sweep { x, y, g in -g * x / (y * y) }
        // Of two that are equal the first wins.
        case (.least, 0): sweep { x, y, g in x <= y ? g : 0 }
        case (.least, _): sweep { x, y, g in x <= y ? 0 : g }
        case (.greatest, 0): sweep { x, y, g in x >= y ? g : 0 }
        case (.greatest, _): sweep { x, y, g in x >= y ? 0 : g }
        case (.slope, 0): sweep { x, y, g in x > 0 ? g : g * y }
        case (.slope, _): sweep { x, _, g in x > 0 ? 0 : g * x }
        }
        program.featureMap(result).clearPadding()
      }
      let shape = try context.shape(position)
      guard own.shape != shape else { return result }
      return builder.view(try builder.reorder(result, to: .plain(own.shape)), as: shape)
    }
  }
}
