import Tensors

extension Op.Concat {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    let output = node.outputs[0]
    let rank = flow.shape(output).rank
    let axis = axis < 0 ? axis + rank : axis
    // A constant among the parts has channels that nothing makes.
    let parts = node.inputs.compactMap { $0 }.map { part -> ChannelAxis in
      if let own = flow.channels[part] { return own }
      let own = ChannelAxis(axis: axis, labels: flow.classes.add(flow.shape(part)[axis]))
      flow.pin(own.labels, "Concat '\(node.label)' takes them from a constant")
      return own
    }
    if parts.allSatisfy({ $0.axis == axis }) {
      flow.define(output, ChannelAxis(axis: axis, labels: parts.flatMap(\.labels)))
    } else if let first = parts.first, parts.allSatisfy({ $0.axis == first.axis && $0.labels.count == first.labels.count }) {
      for part in parts.dropFirst() { flow.unite(first.labels, part.labels) }
      flow.define(output, first)
    } else {
      flow.stop(node, "Concat '\(node.label)' joins channels along different axes")
    }
  }
}

extension Op.Split {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let shape = flow.shape(input)
    guard (axis < 0 ? axis + shape.rank : axis) == own.axis else {
      for output in node.outputs where !output.isEmpty { flow.define(output, own) }
      return
    }
    var start = 0
    for (position, output) in node.outputs.enumerated() {
      let length = try lengths(flow.facts, node, shape)[position]
      if !output.isEmpty {
        flow.define(output, ChannelAxis(axis: own.axis, labels: Array(own.labels[start..<start + length])))
      }
      start += length
    }
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard removal.shrinks(node.inputs[0]), let kept = removal.kept(node.inputs[0]) else { return }
    let shape = removal.before(node.inputs[0])
    guard (axis < 0 ? axis + shape.rank : axis) == kept.axis else { return }
    var start = 0
    let lengths = try lengths(removal.map.facts, node, shape).map { length in
      defer { start += length }
      return kept.positions.count { start..<start + length ~= $0 }
    }
    removal.set(lengths, &node, 1, "lengths")
  }

  private func lengths(_ facts: [String: Fact], _ node: Node, _ shape: Shape) throws -> [Int] {
    let declared = node.inputs.count > 1 ? node.inputs[1].flatMap { facts[$0]?.value?.integers } : nil
    return try partLengths(of: shape[axis], declared: declared, outputs: node.outputs.count)
  }
}
