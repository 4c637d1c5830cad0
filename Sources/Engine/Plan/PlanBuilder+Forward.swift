import Networks
import Tensors

extension PlanBuilder {
  /// Appends the forward pass.
  ///
  /// - Parameters:
  ///   - kept: values that must be computed apart, because they will be observed or needed by later steps; others may be fused
  ///     into the convolution before them.
  ///   - watched: values that are observed as soon as they are computed, and may be overwritten afterwards.
  ///   - isDifferentiable: whether ``reverse(from:to:rule:)`` will follow.
  ///   - computed: called for each watched value behind the steps that compute it, to append those that observe it.
  /// - Throws: `EspalierError` naming the node that cannot be run.
  public func forward(
    keeping kept: Set<String> = [], watching watched: Set<String> = [], isDifferentiable: Bool = false,
    computed: (_ value: String, _ slot: Slot) throws -> Void = { _, _ in }
  ) throws {
    isKeepingAll = isDifferentiable
    var unseen = watched
    for input in graph.inputs where isComputed(input.name) && unseen.remove(input.name) != nil {
      try computed(input.name, slot(of: input.name))
    }
    let nodes = neededNodes(for: Set(graph.outputs).union(kept).union(watched))
    for node in nodes {
      try naming(location: "\(node.op.name) '\(node.label)'") {
        for case let value? in node.inputs + node.outputs {
          guard let shape = facts[value]?.shape, shape.rank > Layout.greatestRank else { continue }
          throw EspalierError("value '\(value)' has \(shape.rank) axes, \(shape)", accepted: "at most \(Layout.greatestRank)")
        }
        kernels[node.id] = try KernelCatalog.kernel(for: NodeContext(node, self), self)
      }
    }
    var fusion = Fusion(kept: kept, watched: watched, isDifferentiable: isDifferentiable)
    for node in nodes where !fusion.absorbed.contains(node.id) {
      let kernel = kernels[node.id]!
      try naming(location: "\(node.op.name) '\(node.label)'") {
        try fusion.prepare(kernel, of: node, self)
        try kernel.forward(self)
        noteMaker(node, kernel)
      }
      // What was fused ahead of this node's turn has another name; what is seen first is the node's own, in its order.
      let seen = node.outputs.filter(unseen.contains) + unseen.subtracting(node.outputs).sorted()
      for value in seen where isComputed(value) {
        unseen.remove(value)
        try computed(value, slot(of: value))
      }
    }
    for output in graph.outputs {
      let slot = try slot(of: output)
      keep(try reorder(slot, to: .plain(layout(slot).shape)), as: output)
    }
  }

  /// A value that does not depend on the network's input, laid ready; nil for one that is computed, or a weight.
  func known(_ output: String) throws -> Slot? {
    guard !isComputed(output), parameters[output] == nil, let value = facts[output]?.value else { return nil }
    guard value.shape.rank <= Layout.greatestRank else {
      throw EspalierError(
        "it has \(value.shape.rank) axes", location: "value '\(output)'", accepted: "at most \(Layout.greatestRank)")
    }
    let elements = value.floats?.elements ?? value.integers?.map(Float.init) ?? []
    let slot = allocate(.plain(value.shape), name: output)
    addStep(output, reads: [], writes: [slot]) { program in
      let target = program.pointer(slot)
      for i in elements.indices { target[i] = elements[i] }
    }
    define(output, slot)
    return slot
  }

  /// The nodes that some values depend on and that are not known ahead, in execution order.
  private func neededNodes(for values: Set<String>) -> [Node] {
    var needed = values
    var nodes: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      guard node.outputs.contains(where: { !$0.isEmpty && facts[$0]?.value == nil }) else { continue }
      nodes.append(node)
      needed.formUnion(node.inputs.compactMap { $0 })
    }
    return nodes.reversed()
  }
}
