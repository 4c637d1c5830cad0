import Engine
import Networks
import Tensors

/// Nodes without weights: how relevance is shared out among their operands.
extension RelevancePass {
  /// All relevance for the first input that is as large as the output; for the only one that is repeated, the sum over its copies.
  func pass(_ node: Node, _ relevance: Slot, _ wanted: [Bool]) throws -> [Slot?] {
    let shape = builder.layout(relevance).shape
    let candidates = node.inputs.indices.filter { wanted[$0] }
    if candidates.isEmpty { return wanted.map { _ in nil } }
    let target = try candidates.first { position in try node.inputs[position].map { try builder.shape(of: $0) == shape } ?? false
    }
    if let target { return wanted.indices.map { $0 == target ? relevance : nil } }
    guard candidates.count == 1, let name = node.inputs[candidates[0]],
      let own = try? builder.shape(of: name), Shape.broadcast(own, shape) == shape
    else {
      throw EspalierError(
        "no input of it has its output's shape \(shape)", location: "layer '\(node.label)'",
        accepted: "rule '\(PassRule.name)' where one has")
    }
    let sum = try builder.sumBack(relevance, to: own, label: node.label)
    return wanted.indices.map { $0 == candidates[0] ? sum : nil }
  }

  /// An equal share for every input, summed where an input is repeated to the output's shape.
  func shareEqually(_ node: Node, _ relevance: Slot, _ wanted: [Bool]) throws -> [Slot?] {
    guard node.op.role.isArithmetic else {
      throw EspalierError(
        "rule '\(UniformRule.name)' needs a sum or product", location: "layer '\(node.label)'",
        accepted: "kind = \"product\" or \"sum\"")
    }
    let (layout, count) = (builder.layout(relevance), wanted.count { $0 })
    let share = builder.allocate(layout, name: node.label)
    builder.addStep(node.label, reads: [relevance], writes: [share]) { program in
      Elementwise.scale(program.pointer(relevance), by: 1 / Float(count), into: program.pointer(share), count: layout.floatCount)
    }
    return try node.inputs.indices.map { position in
      guard wanted[position], let name = node.inputs[position] else { return nil }
      return try builder.sumBack(share, to: builder.shape(of: name), label: node.label)
    }
  }

  /// Relevance in proportion to each input's share of the output.
  func share(
    _ node: Node, _ kind: LayerKind, _ relevance: Slot, _ part: RulePart, _ wanted: [Bool], factor: Float = 1
  ) throws -> [Slot?] {
    if kind.isSum { return try shareOfSum(node, relevance, part, wanted) }
    let output = try builder.slot(of: node.outputs[0])
    let quotient = try divide(node, relevance, by: [(output, 1)], gate: nil, part, layout: builder.layout(output))
    let gradients = try builder.vectorJacobianProduct(node, [quotient], wanted: wanted)
    return try node.inputs.indices.map { position in
      guard wanted[position], let gradient = gradients[position], let name = node.inputs[position] else { return nil }
      let slot = try builder.slot(of: name)
      return try weigh(node, [(slot, .asIs, gradient, factor)], layout: builder.layout(slot))
    }
  }

  /// A sum or difference: `± x R / st(z)` for each operand x, summed over the copies of one that is repeated.
  private func shareOfSum(_ node: Node, _ relevance: Slot, _ part: RulePart, _ wanted: [Bool]) throws -> [Slot?] {
    let signs: [Float] = node.inputs.indices.map { node.op.role == .difference && $0 == 1 ? -1 : 1 }
    let terms: [(Slot, Float)]
    let layout: Layout
    if hasOneShape(node) {
      // It is added up again on the way, so that it may be fused with its activation.
      let slots = try node.inputs.compactMap { try $0.map { try builder.slot(of: $0) } }
      layout = builder.layout(slots[0])
      terms = try zip(slots, signs).map { (try builder.reorder($0, to: layout), $1) }
    } else {
      let output = try builder.slot(of: node.outputs[0])
      (layout, terms) = (builder.layout(output), [(output, 1)])
    }
    let quotient = try divide(node, relevance, by: terms, gate: nil, part, layout: layout)
    return try node.inputs.indices.map { position in
      guard wanted[position], let name = node.inputs[position] else { return nil }
      let slot = try builder.slot(of: name)
      let gradient = try builder.sumBack(quotient, to: builder.shape(of: name), label: node.label)
      return try weigh(node, [(slot, .asIs, gradient, signs[position])], layout: builder.layout(slot))
    }
  }

  /// Whether a sum is one of maps of its own shape alone, none of them a constant.
  func hasOneShape(_ node: Node) -> Bool {
    let shape = builder.facts[node.outputs[0]]?.shape
    return node.inputs.allSatisfy { input in
      input.map { graph.constants[$0] == nil && builder.facts[$0]?.shape == shape } ?? false
    }
  }

  /// A layer norm with a constant deviation.
  func shareOfLayerNorm(_ node: Node, _ relevance: Slot, _ stabilizer: Stabilizer, _ wanted: [Bool]) throws -> [Slot?] {
    guard wanted[0], let name = node.inputs[0] else { return wanted.map { _ in nil } }
    let (input, output) = (try builder.slot(of: name), try builder.slot(of: node.outputs[0]))
    let part = RulePart([.init(.asIs, .asIs, bias: .asIs)], stabilizer: stabilizer)
    let quotient = try divide(node, relevance, by: [(output, 1)], gate: nil, part, layout: builder.layout(output))
    let gradient = try builder.gradient(ofLayerNorm: node, quotient)
    let share = try weigh(node, [(input, .asIs, gradient, 1)], layout: builder.layout(input))
    return [share] + wanted.dropFirst().map { _ in nil }
  }
}

extension LayerKind {
  /// Whether it is a sum, with signs or constants.
  var isSum: Bool { self == .sum || self == .difference || self == .offset }
}
