import Networks
import Tensors

/// Dropout while a network is trained: the product with a mask that whoever runs the program has written, 0 where an element is
/// dropped and 1 / (1 − ratio) elsewhere.
///
/// Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014), in the form
/// that scales in training, as ONNX and PyTorch have it.
final class DropoutKernel: Kernel {
  private let context: NodeContext
  private let ratio: Float
  private var mask: Slot?

  init(_ context: NodeContext) throws {
    self.context = context
    ratio = try context.number(1) ?? 0.5
    guard 0..<1 ~= ratio else { throw EspalierError("its ratio is \(ratio)", accepted: "0 up to 1") }
  }

  func forward(_ builder: PlanBuilder) throws {
    let layout = Layout.plain(context.outputs[0].shape)
    let slot = try builder.reorder(builder.slot(of: context.input(0)), to: layout)
    let mask = builder.allocate(layout, name: context.node.label)
    self.mask = mask
    if builder.isTraining { _ = try builder.rowsPerImage(of: context.node.outputs[0], layer: context.node.label) }
    builder.position(mask, like: context.node.outputs[0])
    builder.pin(mask)
    builder.note(DropoutMask(node: context.node.label, ratio: ratio, slot: mask))
    let result = builder.allocate(layout, name: context.node.outputs[0])
    addProduct(builder, of: slot, to: result)
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let layout = Layout.plain(context.outputs[0].shape)
    let result = builder.allocate(layout, name: context.node.label)
    addProduct(builder, of: try builder.reorder(gradient, to: layout), to: result)
    return [result] + wanted.dropFirst().map { _ in nil }
  }

  private func addProduct(_ builder: PlanBuilder, of slot: Slot, to result: Slot) {
    guard let mask else { preconditionFailure("forward comes first") }
    let count = context.outputs[0].shape.count
    builder.addStep(context.node.label, reads: [slot, mask], writes: [result]) { program in
      let (x, m, y) = (program.pointer(slot), program.pointer(mask), program.pointer(result))
      for i in 0..<count { y[i] = m[i] == 0 ? 0 : m[i] * x[i] }
    }
  }
}

/// Where a program takes the mask of a dropout from.
public struct DropoutMask: Sendable {
  /// The node's label.
  public let node: String
  /// The share of elements that is dropped.
  public let ratio: Float
  /// The factors, row-major in the shape of the node's output; written before a program runs.
  public let slot: Slot
}
