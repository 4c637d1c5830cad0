import Networks
import Tensors

/// The sum of tensors, broadcast, in the layout of the first that has the result's shape.
final class SumKernel: FusingKernel {
  /// An activation computed in the same sweep; set by ``Fusion``.
  var fusion = Fusion.Tail()
  private let context: NodeContext

  init(_ context: NodeContext) throws { self.context = context }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    guard inputs.allSatisfy({ $0 != nil }) else { return nil }
    let sum = inputs.reduce(0) { $0 + $1! }
    return fusion.activation.map { $0.bound(sum) } ?? sum
  }

  func forward(_ builder: PlanBuilder) throws {
    let slots = try context.node.inputs.indices.map { try builder.slot(of: context.input($0)) }
    let layout = builder.commonLayout(of: slots, result: context.outputs[0].shape)
    let parts = try slots.map { try builder.operand($0, in: layout) }
    let lines = try parts.map { try BroadcastLines(parts[0].axes, $0.axes, to: layout.axesInMemory) }
    let isBroadcast = parts.contains { $0.axes != layout.axesInMemory }
    let output = fusion.output ?? context.node.outputs[0]
    let result = builder.allocate(layout, name: output)
    let function = fusion.activation
    let count = layout.floatCount
    builder.addStep(context.node.label, reads: parts.map(\.slot), writes: [result]) { program in
      let y = program.pointer(result)
      let (a, b) = (program.pointer(parts[0].slot), program.pointer(parts[min(1, parts.count - 1)].slot))
      if function == .relu && parts.count == 2 && !isBroadcast {
        for i in 0..<count {
          let sum = a[i] + b[i]
          y[i] = sum < 0 ? 0 : sum
        }
        return
      }
      if parts.count == 1 {
        y.update(from: a, count: count)
      } else {
        lines[1].map(a, b, to: y) { $0 + $1 }
      }
      for (part, lines) in zip(parts, lines).dropFirst(2) {
        let c = program.pointer(part.slot)
        lines.forEach { small, large in
          for i in 0..<lines.length { y[large + i] += c[small[1] + i &* lines.strides[1]] }
        }
      }
      if isBroadcast { program.featureMap(result).clearPadding() }
      if let function { function.apply(y, to: y, count: count) }
    }
    builder.define(output, result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    return try wanted.indices.map { position in
      guard wanted[position] else { return nil }
      let shape = try context.shape(position)
      return try shape == context.outputs[0].shape ? gradient : builder.sumBack(gradient, to: shape, label: context.node.label)
    }
  }
}
