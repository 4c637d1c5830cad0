import Networks
import Tensors

/// Matrix products that are not linear layers: operands that both depend on the input, of any rank, or transposed.
///
/// Rare in convolutional networks, and plainly written.
final class MatrixProductKernel: Kernel {
  private let op: Op.Gemm
  private let context: NodeContext
  /// The operands' and the result's shapes with the same leading axes; the last two are rows and columns.
  private let left: Shape
  private let right: Shape
  private let product: Shape

  init(_ gemm: Op.Gemm?, _ context: NodeContext) throws {
    op = gemm ?? Op.Gemm()
    self.context = context
    let (a, b) = (try context.shape(0).dimensions, try context.shape(1).dimensions)
    let (matrixA, matrixB) = (a.count == 1 ? [1] + a : a, b.count == 1 ? b + [1] : b)
    guard let leading = Shape.broadcast(Shape(Array(matrixA.dropLast(2))), Shape(Array(matrixB.dropLast(2)))) else {
      throw EspalierError("shapes \(Shape(a)) and \(Shape(b)) do not multiply")
    }
    left = Shape(leading.dimensions + matrixA.suffix(2))
    right = Shape(leading.dimensions + matrixB.suffix(2))
    product = Shape(leading.dimensions + [op.transposeA ? left[-1] : left[-2], op.transposeB ? right[-2] : right[-1]])
  }

  private func operand(_ builder: PlanBuilder, _ position: Int, as shape: Shape) throws -> Slot {
    let slot = try builder.reorder(builder.slot(of: context.input(position)), to: .plain(context.shape(position)))
    let own = try context.shape(position).dimensions
    let matrix = own.count > 1 ? slot : builder.view(slot, as: position == 0 ? [1, own[0]] : [own[0], 1])
    return try builder.broadcast(matrix, to: shape, label: context.node.label)
  }

  func forward(_ builder: PlanBuilder) throws {
    let (a, b) = (try operand(builder, 0, as: self.left), try operand(builder, 1, as: self.right))
    let result = builder.allocate(.plain(self.product), name: context.node.outputs[0])
    let addend = try context.optionalInput(2).map {
      try builder.broadcast(builder.slot(of: $0), to: self.product, label: context.node.label)
    }
    let (op, left, right, product) = (self.op, self.left, self.right, self.product)
    builder.addStep(context.node.label, reads: [a, b] + [addend].compactMap { $0 }, writes: [result]) { program in
      let c = program.pointer(result)
      multiply(
        program.pointer(a), left, op.transposeA, program.pointer(b), right, op.transposeB, into: c, product, factor: op.alpha)
      if let addend {
        let d = program.pointer(addend)
        for i in 0..<product.count { c[i] += op.beta * d[i] }
      }
    }
    let shape = context.outputs[0].shape
    builder.define(context.node.outputs[0], shape == product ? result : builder.view(result, as: shape))
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    let (a, b) = (try operand(builder, 0, as: self.left), try operand(builder, 1, as: self.right))
    let plain = try builder.reorder(gradient, to: .plain(context.outputs[0].shape))
    let incoming = context.outputs[0].shape == self.product ? plain : builder.view(plain, as: self.product)
    let (op, left, right, product) = (self.op, self.left, self.right, self.product)
    return try wanted.indices.map { position -> Slot? in
      guard wanted[position] else { return nil }
      if position == 2 {
        let scaled = builder.allocate(.plain(product), name: context.node.label)
        builder.addStep(context.node.label, reads: [incoming], writes: [scaled]) { program in
          let (x, y) = (program.pointer(incoming), program.pointer(scaled))
          for i in 0..<product.count { y[i] = op.beta * x[i] }
        }
        return try builder.sumBack(scaled, to: context.shape(2), label: context.node.label)
      }
      let shape = position == 0 ? left : right
      let result = builder.allocate(.plain(shape), name: context.node.label)
      builder.addStep(context.node.label, reads: [a, b, incoming], writes: [result]) { program in
        let (x, y, g, z) = (program.pointer(a), program.pointer(b), program.pointer(incoming), program.pointer(result))
        switch (position, position == 0 ? op.transposeA : op.transposeB) {
        case (0, false): multiply(g, product, false, y, right, !op.transposeB, into: z, left, factor: op.alpha)
        case (0, true): multiply(y, right, op.transposeB, g, product, true, into: z, left, factor: op.alpha)
        case (_, false): multiply(x, left, !op.transposeA, g, product, false, into: z, right, factor: op.alpha)
        default: multiply(g, product, true, x, left, op.transposeA, into: z, right, factor: op.alpha)
        }
      }
      let own = try context.shape(position)
      let matrix: Shape = own.rank > 1 ? own : position == 0 ? [1, own[0]] : [own[0], 1]
      let reduced = try builder.sumBack(result, to: matrix, label: context.node.label)
      return own == matrix ? reduced : builder.view(reduced, as: own)
    }
  }
}

/// `factor · A B` for stacks of matrices of equal number, either given as its transpose.
private func multiply(
  _ a: UnsafePointer<Float>, _ left: Shape, _ transposeA: Bool, _ b: UnsafePointer<Float>, _ right: Shape, _ transposeB: Bool,
  into c: UnsafeMutablePointer<Float>, _ product: Shape, factor: Float
) {
  let (rows, columns) = (product[-2], product[-1])
  let depth = transposeA ? left[-2] : left[-1]
  let stack = product.count / max(rows * columns, 1)
  for matrix in 0..<stack {
    let x = a + matrix * left[-2] * left[-1]
    let y = b + matrix * right[-2] * right[-1]
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        for k in 0..<depth {
          sum +=
            Double(x[transposeA ? k * left[-1] + row : row * left[-1] + k])
            * Double(y[transposeB ? column * right[-1] + k : k * right[-1] + column])
        }
        c[(matrix * rows + row) * columns + column] = factor * Float(sum)
      }
    }
  }
}
