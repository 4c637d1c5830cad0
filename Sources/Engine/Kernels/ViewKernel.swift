import Networks
import Tensors

/// The same elements under another shape: no work, once they lie row-major.
final class ViewKernel: Kernel {
  private let context: NodeContext

  init(_ context: NodeContext) { self.context = context }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { inputs[0] }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let shape = context.outputs[0].shape
    if builder.layout(slot).shape == shape {
      builder.define(context.node.outputs[0], slot)
    } else {
      let plain = try builder.reorder(slot, to: .plain(builder.layout(slot).shape))
      builder.define(context.node.outputs[0], builder.view(plain, as: shape))
    }
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let shape = try context.shape(0)
    let own = builder.layout(gradient).shape
    let result = try own == shape ? gradient : builder.view(builder.reorder(gradient, to: .plain(own)), as: shape)
    return [result] + wanted.dropFirst().map { _ in nil }
  }
}
