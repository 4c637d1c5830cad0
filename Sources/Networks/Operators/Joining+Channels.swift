import Tensors

extension Op.Concat {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    let output = node.outputs[0]
    let rank = flow.shape(output).rank
    let axis = axis < 0 ? axis + rank : axis
    let values = node.inputs.compactMap { $0 }
    let grids = values.map { flow.channels[$0] }
    guard let first = grids.compactMap({ $0 }).first else { return }
    // Channels along other axes are those of all parts; parts without any have none that can go.
    let across = grids.compactMap { $0?.axes }.reduce(first.axes) { axes, own in axes.filter(own.contains) }.filter { $0 != axis }
    let isAlong = across.isEmpty || grids.allSatisfy { $0?.axes.contains(axis) ?? false }
    var parts: [ChannelGrid] = []
    for (value, grid) in zip(values, grids) {
      if let grid {
        parts.append(
          flow.collapsed(
            grid, to: isAlong ? across + [axis] : across, "Concat '\(node.label)' joins channels along different axes"))
      } else if !isAlong {
        // A constant has entries for the channels that it stands beside.
        let lengths = across.map { first.length(along: $0) ?? 1 }
        let own = ChannelGrid(axes: across, lengths: lengths, labels: flow.classes.add(lengths.reduce(1, *)))
        flow.record(value, own, of: node) { $0 }
        parts.append(own)
      } else {
        parts.append(.none)
      }
      if isAlong, parts[parts.count - 1].isEmpty {
        let labels = flow.classes.add(flow.shape(value)[axis])
        flow.pin(labels, "Concat '\(node.label)' takes them from what has no channels")
        parts[parts.count - 1] = ChannelGrid(axis: axis, labels: labels)
      }
    }
    if isAlong, grids.contains(where: { $0?.axes.contains(axis) ?? false }) {
      flow.define(output, parts.dropFirst().reduce(parts[0]) { $0.joined(with: $1, along: axis) })
    } else if isAlong {
      flow.define(output, .none)
    } else {
      for part in parts.dropFirst() { flow.unite(parts[0].labels, part.labels) }
      flow.define(output, parts[0])
    }
  }
}

extension Op.Split {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let shape = flow.shape(input)
    let axis = axis < 0 ? axis + shape.rank : axis
    guard own.axes.contains(axis) else {
      for output in node.outputs where !output.isEmpty { flow.define(output, own) }
      return
    }
    var start = 0
    for (position, output) in node.outputs.enumerated() {
      let length = try lengths(flow.facts, node, shape)[position]
      if !output.isEmpty { flow.define(output, own.taking(Array(start..<start + length), along: axis)) }
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
