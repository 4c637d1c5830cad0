import Foundation
import Networks
import Tensors

/// Softmax and its logarithm along one axis, row-major.
final class SoftmaxKernel: Kernel {
  private let context: NodeContext
  private let isLogarithmic: Bool
  private let shape: Shape
  private let axis: Int

  init(axis: Int, isLogarithmic: Bool, _ context: NodeContext) throws {
    self.context = context
    self.isLogarithmic = isLogarithmic
    shape = try context.shape(0)
    self.axis = axis < 0 ? axis + shape.rank : axis
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { isLogarithmic || inputs[0] == nil ? nil : 1 }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.reorder(builder.slot(of: context.input(0)), to: .plain(shape))
    let result = builder.allocate(.plain(shape), name: context.node.outputs[0])
    let (isLogarithmic, lines) = (isLogarithmic, Lines(shape, axis: axis))
    builder.addStep(context.node.label, reads: [slot], writes: [result]) { program in
      let (x, y) = (program.pointer(slot), program.pointer(result))
      lines.forEach { start, stride, length in
        var most = -Float.infinity
        for i in 0..<length { most = max(most, x[start + i * stride]) }
        if stride == 1 && !isLogarithmic {
          // Along the last axis, where attention has it: the same in vectors.
          let (a, b) = (x + start, y + start)
          VectorMath.map(a, to: b, count: length) { VectorMath.exp($0 - most) }
          var sum = 0.0
          for i in 0..<length { sum += Double(b[i]) }
          let share = Float(1 / sum)
          for i in 0..<length { b[i] *= share }
          return
        }
        var sum = 0.0
        for i in 0..<length { sum += exp(Double(x[start + i * stride] - most)) }
        for i in 0..<length {
          let shifted = Double(x[start + i * stride] - most)
          y[start + i * stride] = Float(isLogarithmic ? shifted - log(sum) : exp(shifted) / sum)
        }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let incoming = try builder.reorder(gradient, to: .plain(shape))
    let output = try builder.slot(of: context.node.outputs[0])
    let result = builder.allocate(.plain(shape), name: context.node.label)
    let (isLogarithmic, lines) = (isLogarithmic, Lines(shape, axis: axis))
    builder.addStep(context.node.label, reads: [incoming, output], writes: [result]) { program in
      let (g, y, z) = (program.pointer(incoming), program.pointer(output), program.pointer(result))
      lines.forEach { start, stride, length in
        var sum = 0.0
        for i in 0..<length {
          let position = start + i * stride
          sum += isLogarithmic ? Double(g[position]) : Double(g[position]) * Double(y[position])
        }
        for i in 0..<length {
          let position = start + i * stride
          z[position] = Float(
            isLogarithmic
              ? Double(g[position]) - exp(Double(y[position])) * sum : Double(y[position]) * (Double(g[position]) - sum))
        }
      }
    }
    return [result]
  }
}

extension SoftmaxKernel {
  fileprivate func taylorDecomposition(_ builder: PlanBuilder, _ relevance: Slot) throws -> Slot {
    let incoming = try builder.reorder(relevance, to: .plain(shape))
    let input = try builder.reorder(builder.slot(of: context.input(0)), to: .plain(shape))
    let output = try builder.slot(of: context.node.outputs[0])
    let result = builder.allocate(.plain(shape), name: context.node.label)
    let lines = Lines(shape, axis: axis)
    builder.addStep(context.node.label, reads: [incoming, input, output], writes: [result]) { program in
      let (r, x) = (program.pointer(incoming), program.pointer(input))
      let (s, z) = (program.pointer(output), program.pointer(result))
      lines.forEach { start, stride, length in
        var sum = 0.0
        for i in 0..<length { sum += Double(r[start + i * stride]) }
        let total = Float(sum)
        for i in 0..<length {
          let position = start + i * stride
          z[position] = x[position] == -.infinity ? 0 : x[position] * (r[position] - s[position] * total)
        }
      }
    }
    return result
  }
}

extension PlanBuilder {
  /// Appends `x (R − s ΣR)` for a softmax s of x, the sum being over its axis; 0 where x is −∞.
  ///
  /// - Throws: `EspalierError` if the node is no softmax.
  public func taylorDecomposition(ofSoftmax node: Node, _ relevance: Slot) throws -> Slot {
    guard let kernel = kernels[node.id] as? SoftmaxKernel else {
      throw EspalierError("\(node.op.name) is no softmax", location: node.label, accepted: "Softmax")
    }
    return try kernel.taylorDecomposition(self, relevance)
  }
}

/// The lines of a row-major tensor along one axis.
struct Lines: Sendable {
  private let outer: Int
  private let length: Int
  private let inner: Int

  init(_ shape: Shape, axis: Int) {
    outer = shape.dimensions.prefix(axis).reduce(1, *)
    length = shape[axis]
    inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
  }

  /// Calls `body` with each line's first position, the distance between neighbours and the length.
  func forEach(_ body: (_ start: Int, _ stride: Int, _ length: Int) -> Void) {
    for o in 0..<outer { for i in 0..<inner { body(o * length * inner + i, inner, length) } }
  }
}
