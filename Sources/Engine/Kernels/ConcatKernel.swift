import Networks
import Tensors

/// Tensors joined along an axis: stretches of memory copied one behind the other, in blocks of channels where every part but
/// the last fills its blocks.
final class ConcatKernel: Kernel {
  private let context: NodeContext
  private let axis: Int
  private var block = 1

  init(_ op: Op.Concat, _ context: NodeContext) throws {
    self.context = context
    axis = op.axis < 0 ? op.axis + context.outputs[0].shape.rank : op.axis
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    inputs.contains { $0 == nil } ? nil : inputs.reduce(0) { max($0, $1!) }
  }

  /// How many samples or rows there are, and how many floats each part gives to one of them.
  private func stretches(_ layouts: [Layout]) -> (outer: Int, lengths: [Int]) {
    let outer = axis == 1 ? layouts[0].samples : layouts[0].shape.dimensions.prefix(axis).reduce(1, *)
    return (outer, layouts.map { outer == 0 ? 0 : $0.floatCount / outer })
  }

  private func partLayouts() throws -> [Layout] {
    try context.node.inputs.indices.map { Layout(shape: try context.shape($0), block: block) }
  }

  func forward(_ builder: PlanBuilder) throws {
    let slots = try context.node.inputs.indices.map { try builder.slot(of: context.input($0)) }
    let blocks = Set(slots.map { builder.layout($0).block })
    if let common = blocks.first, blocks.count == 1, axis == 1, slots.dropLast().allSatisfy({ !builder.layout($0).isPadded }) {
      block = common
    }
    let layouts = try partLayouts()
    let parts = try zip(slots, layouts).map { try builder.reorder($0, to: $1) }
    let result = builder.allocate(Layout(shape: context.outputs[0].shape, block: block), name: context.node.outputs[0])
    let (outer, lengths) = stretches(layouts)
    builder.addStep(context.node.label, reads: parts, writes: [result]) { program in
      var target = program.pointer(result)
      for row in 0..<outer {
        for (part, length) in zip(parts, lengths) {
          target.update(from: program.pointer(part) + row * length, count: length)
          target += length
        }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    let layouts = try partLayouts()
    let incoming = try builder.reorder(gradient, to: Layout(shape: context.outputs[0].shape, block: block))
    let (outer, lengths) = stretches(layouts)
    let whole = lengths.reduce(0, +)
    var start = 0
    return wanted.indices.map { position in
      defer { start += lengths[position] }
      guard wanted[position] else { return nil }
      let result = builder.allocate(layouts[position], name: context.node.label)
      let (offset, length) = (start, lengths[position])
      builder.addStep(context.node.label, reads: [incoming], writes: [result]) { program in
        let (source, target) = (program.pointer(incoming), program.pointer(result))
        for row in 0..<outer { (target + row * length).update(from: source + row * whole + offset, count: length) }
      }
      return result
    }
  }
}
