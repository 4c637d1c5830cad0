import Networks
import Tensors

/// Matrix products that are not linear layers: operands that both depend on the input, of any rank, or transposed.
final class MatrixProductKernel: Kernel {
  private let op: Op.Gemm
  private let context: NodeContext
  /// The operands' shapes as stacks of matrices: a vector is a row on the left and a column on the right.
  private let shapes: [Shape]
  /// The result's shape as a stack.
  private let product: Shape

  init(_ gemm: Op.Gemm?, _ context: NodeContext) throws {
    op = gemm ?? Op.Gemm()
    self.context = context
    let (a, b) = (try context.shape(0), try context.shape(1))
    shapes = [a.rank == 1 ? [1, a[0]] : a, b.rank == 1 ? [b[0], 1] : b]
    let leading = shapes.map { Shape(Array($0.dimensions.dropLast(2))) }
    guard let stack = Shape.broadcast(leading[0], leading[1]) else {
      throw EspalierError("shapes \(a) and \(b) do not multiply")
    }
    product = Shape(
      stack.dimensions + [op.transposeA ? shapes[0][-1] : shapes[0][-2], op.transposeB ? shapes[1][-2] : shapes[1][-1]])
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    guard let a = inputs[0], let b = inputs[1] else { return nil }
    let length = op.transposeA ? shapes[0][-2] : shapes[0][-1]
    let addend = context.optionalInput(2) == nil ? 0 : inputs[2]
    return addend.map { Double(abs(op.alpha)) * Double(length) * a * b + Double(abs(op.beta)) * $0 }
  }

  private func operand(_ builder: PlanBuilder, _ position: Int) throws -> MatrixStack {
    let own = try context.shape(position)
    let plain = try builder.reorder(builder.slot(of: context.input(position)), to: .plain(own))
    let slot = own == shapes[position] ? plain : builder.view(plain, as: shapes[position])
    return MatrixStack(slot: slot, shape: shapes[position], isTransposed: position == 0 ? op.transposeA : op.transposeB)
  }

  func forward(_ builder: PlanBuilder) throws {
    let label = context.node.label
    var result = try builder.product(operand(builder, 0), operand(builder, 1), label: label)
    if op.alpha != 1 { result = scaled(builder, result, by: op.alpha) }
    if let name = context.optionalInput(2) {
      let addend = try builder.operand(builder.slot(of: name), in: .plain(product))
      let lines = try BroadcastLines(product, addend.axes, to: product)
      let (sum, product, beta) = (builder.allocate(.plain(self.product), name: label), result, op.beta)
      builder.addStep(label, reads: [product, addend.slot], writes: [sum]) { program in
        lines.map(program.pointer(product), program.pointer(addend.slot), to: program.pointer(sum)) { $0 + beta * $1 }
      }
      result = sum
    }
    let shape = context.outputs[0].shape
    builder.define(context.node.outputs[0], shape == product ? result : builder.view(result, as: shape))
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    let label = context.node.label
    let plain = try builder.reorder(gradient, to: .plain(context.outputs[0].shape))
    let slot = context.outputs[0].shape == product ? plain : builder.view(plain, as: product)
    let incoming = MatrixStack(slot: slot, shape: product, isTransposed: false)
    return try wanted.indices.map { position -> Slot? in
      guard wanted[position] else { return nil }
      if position == 2 {
        let scaled = op.beta == 1 ? slot : scaled(builder, slot, by: op.beta)
        return try builder.sumBack(scaled, to: context.shape(2), label: label)
      }
      let (a, b) = (try operand(builder, 0), try operand(builder, 1))
      // d(A B) = G Bᵀ and Aᵀ G; of an operand that is read as its transpose, the transpose of that.
      let left = position == 0 ? (op.transposeA ? b : incoming) : (op.transposeB ? incoming.transposed : a.transposed)
      let right = position == 0 ? (op.transposeA ? incoming.transposed : b.transposed) : (op.transposeB ? a : incoming)
      var result = try builder.product(left, right, label: label)
      if op.alpha != 1 { result = scaled(builder, result, by: op.alpha) }
      let own = try context.shape(position)
      let reduced = try builder.sumBack(result, to: shapes[position], label: label)
      return own == shapes[position] ? reduced : builder.view(reduced, as: own)
    }
  }

  private func scaled(_ builder: PlanBuilder, _ slot: Slot, by factor: Float) -> Slot {
    let layout = builder.layout(slot)
    let result = builder.allocate(layout, name: context.node.label)
    builder.addStep(context.node.label, reads: [slot], writes: [result]) { program in
      let (x, y) = (program.pointer(slot), program.pointer(result))
      for i in 0..<layout.floatCount { y[i] = factor * x[i] }
    }
    return result
  }
}
