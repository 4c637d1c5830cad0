import Networks
import Tensors

extension PlanBuilder {
  /// Appends a pass from outputs to inputs: gradients, or anything that travels like them, such as relevance.
  ///
  /// Where a value has several readers, what they send back is added up.
  ///
  /// - Parameters:
  ///   - seeds: what starts at which value.
  ///   - wanted: the values, inputs or weights where it should arrive.
  ///   - rule: how it passes a node: from one slot an output (nil where nothing arrives) to one an input (nil where none is
  ///     wanted). The gradient's rule is ``vectorJacobianProduct(_:_:wanted:)``.
  /// - Returns: the slots of the wanted values that something reached.
  /// - Throws: what the rule throws, naming the node.
  public func reverse(
    from seeds: [String: Slot], to wanted: Set<String>,
    rule: (_ node: Node, _ arriving: [Slot?], _ wanted: [Bool]) throws -> [Slot?]
  ) throws -> [String: Slot] {
    var onTheWay = wanted
    for node in graph.nodes where kernels[node.id] != nil && node.inputs.contains(where: { $0.map(onTheWay.contains) ?? false }) {
      onTheWay.formUnion(node.outputs)
    }
    var arrived = seeds.mapValues { [$0] }
    for node in graph.nodes.reversed() where kernels[node.id] != nil {
      let wantedInputs = node.inputs.map { $0.map(onTheWay.contains) ?? false }
      guard wantedInputs.contains(true), node.outputs.contains(where: { arrived[$0] != nil }) else { continue }
      try naming(location: "\(node.op.name) '\(node.label)'") {
        let arriving = try node.outputs.map { output in
          try arrived[output].map { parts in
            let sum = try total(parts, of: output)
            position(sum, like: output)
            arrived[output] = [sum]
            return sum
          }
        }
        for (input, slot) in zip(node.inputs, try rule(node, arriving, wantedInputs)) {
          if let input, let slot { arrived[input, default: []].append(slot) }
        }
      }
    }
    var result: [String: Slot] = [:]
    for value in wanted {
      guard let slots = arrived[value] else { continue }
      let sum = try total(slots, of: value)
      position(sum, like: value)
      result[value] = parameters[value] == nil ? sum : alias(sum, images: .constant)
    }
    return result
  }

  /// The gradient's rule: how a node turns gradients at its outputs into gradients at its inputs.
  ///
  /// - Throws: `EspalierError` if the engine cannot.
  public func vectorJacobianProduct(_ node: Node, _ arriving: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let kernel = kernels[node.id] else { throw EspalierError("the node has no forward steps") }
    return try kernel.backward(self, arriving, wanted: wanted)
  }

  /// Appends the backward pass of a function of the outputs.
  ///
  /// - Parameters:
  ///   - seeds: the function's gradient at each output.
  ///   - wanted: inputs, values or weights whose gradients are asked for.
  /// - Throws: `EspalierError` naming the node that cannot be differentiated.
  public func gradients(from seeds: [String: Slot], to wanted: Set<String>) throws -> [String: Slot] {
    try reverse(from: seeds, to: wanted) { try vectorJacobianProduct($0, $1, wanted: $2) }
  }

  /// The sum of what reached a value, in the value's layout.
  private func total(_ parts: [Slot], of value: String) throws -> Slot {
    let target = try isComputed(value) ? layout(slot(of: value)) : layout(parts[0])
    let aligned = try parts.map { try reorder($0, to: target) }
    guard aligned.count > 1 else { return aligned[0] }
    let result = allocate(target, name: value)
    addStep(value, reads: aligned, writes: [result]) { program in
      let (sum, a, b) = (program.pointer(result), program.pointer(aligned[0]), program.pointer(aligned[1]))
      for i in 0..<target.floatCount { sum[i] = a[i] + b[i] }
      for part in aligned.dropFirst(2) {
        let c = program.pointer(part)
        for i in 0..<target.floatCount { sum[i] += c[i] }
      }
    }
    return result
  }
}
