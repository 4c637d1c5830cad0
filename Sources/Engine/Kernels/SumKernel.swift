import Networks
import Tensors

/// The sum of tensors of one shape, in the layout of the first; others are broadcast by ``ArithmeticKernel``'s way.
final class SumKernel: Kernel {
  /// An activation computed in the same sweep; set by ``Fusion``.
  var fusion = Fusion.Tail()
  private let context: NodeContext

  init(_ context: NodeContext) throws { self.context = context }

  func forward(_ builder: PlanBuilder) throws {
    let shape = context.outputs[0].shape
    let names = try context.node.inputs.indices.map { try context.input($0) }
    let slots = try names.map { try builder.slot(of: $0) }
    // The layout that most bytes have already.
    let layout = slots.map { builder.layout($0) }.first { $0.shape == shape } ?? .plain(shape)
    let fits = slots.allSatisfy { builder.layout($0).shape == shape }
    let target = fits ? layout : .plain(shape)
    let parts = try slots.map {
      try fits ? builder.reorder($0, to: target) : builder.broadcast($0, to: shape, label: context.node.label)
    }
    let output = fusion.output ?? context.node.outputs[0]
    let result = builder.allocate(target, name: output)
    let function = fusion.activation
    builder.addStep(context.node.label, reads: parts, writes: [result]) { program in
      let y = program.pointer(result)
      let count = target.floatCount
      let a = program.pointer(parts[0])
      if parts.count == 1 {
        y.update(from: a, count: count)
      } else {
        let b = program.pointer(parts[1])
        if function == .relu && parts.count == 2 {
          for i in 0..<count {
            let sum = a[i] + b[i]
            y[i] = sum < 0 ? 0 : sum
          }
          return
        }
        for i in 0..<count { y[i] = a[i] + b[i] }
      }
      for part in parts.dropFirst(2) {
        let c = program.pointer(part)
        for i in 0..<count { y[i] += c[i] }
      }
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
