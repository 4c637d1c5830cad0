import Engine
import Networks
import Tensors

extension PlanBuilder {
  /// How a node carries the diagonal of second derivatives from its outputs to its inputs: h_i = Σ_o (∂o/∂i)² h_o.
  ///
  /// Source: LeCun, Denker, Solla, "Optimal brain damage", NIPS 1989, equations 7 and 8, without the terms in f''. Layers pass it
  /// by their squared weights, functions of single elements by their squared derivative. Deviation: an average whose window is
  /// cut by the border counts as whole.
  ///
  /// - Throws: `EspalierError` where a value is the product of two others, or mixed in another way.
  func curvature(_ node: Node, _ arriving: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let first = arriving[0] else { return try vectorJacobianProduct(node, arriving, wanted: wanted) }
    if isLinear(node) {
      let position = wanted.firstIndex(of: true) ?? 0
      let sent = try transposedProduct(node, first, weights: .squared)
      return wanted.indices.map { $0 == position ? sent : nil }
    }
    if isElementwise(node) {
      let once = try vectorJacobianProduct(node, arriving, wanted: wanted)
      let again = try once.compactMap { $0 }.first.map { try reorder($0, to: layout(first)) }
      return try vectorJacobianProduct(node, [again], wanted: wanted)
    }
    switch (node.op.role, node.op.elements) {
    case (.maximum, _), (.sum, _), (_, .moved), (_, .copied), (_, .reshaped):
      return try vectorJacobianProduct(node, arriving, wanted: wanted)
    case (.average, _):
      let input = try node.inputs[0].map { try shape(of: $0) } ?? []
      let whole = try input.count / max(shape(of: node.outputs[0]).count, 1)
      let count = (node.op as? Op.AveragePool)?.kernel.reduce(1, *) ?? whole
      return try vectorJacobianProduct(node, [divided(first, by: count, node)], wanted: wanted)
    default:
      throw EspalierError(
        "second derivatives are not carried through \(node.op.name)", accepted: "obd:form=fisher, which needs gradients alone")
    }
  }

  private func divided(_ slot: Slot, by count: Int, _ node: Node) throws -> Slot {
    let layout = layout(slot)
    let result = allocate(layout, name: node.label)
    let factor = 1 / Float(max(count, 1))
    addStep(node.label, reads: [slot], writes: [result]) { program in
      let (from, to) = (program.pointer(slot), program.pointer(result))
      for i in 0..<layout.floatCount { to[i] = factor * from[i] }
    }
    return result
  }
}
