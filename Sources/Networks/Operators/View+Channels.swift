import Tensors

extension Op.Flatten {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    if let input = flow.input(node, 0) { flow.defineReshaped(node.outputs[0], from: input) }
  }
}

extension Op.Reshape {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    if let input = flow.input(node, 0) { flow.defineReshaped(node.outputs[0], from: input) }
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    let (from, to) = (removal.after(node.inputs[0]), removal.after(node.outputs[0]))
    guard from != removal.before(node.inputs[0]) || to != removal.before(node.outputs[0]), removal.isConstant(node, 1),
      var target = removal.integers(node, 1), let kept = removal.kept(node.outputs[0])
    else { return }
    if target[kept.axis] > 0 { target[kept.axis] = to[kept.axis] }
    if (try? resolve(target, from: from)) != to {
      // A copied length may be another one now; what is left over can stand for one axis.
      target = to.dimensions
      if removal.map.graph.fixedBatch == nil { target[0] = from[0] == to[0] ? 0 : -1 }
      guard (try? Op.Reshape().resolve(target, from: from)) == to else {
        throw EspalierError("\(from) cannot become \(to) without the channels")
      }
      node.op = Op.Reshape()
    }
    removal.set(target, &node, 1, "target")
  }
}

extension Op.Squeeze {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let axes = try dropped(of: flow.shape(input), flow.input(node, 1).flatMap { flow.facts[$0]?.value?.integers })
    let left = flow.collapsed(own, to: own.axes.filter { !axes.contains($0) }, "Squeeze '\(node.label)' drops their axis")
    flow.define(node.outputs[0], left.renumbered { axis in axis - axes.count { $0 < axis } })
  }

  /// An axis of which one channel is left must not be dropped where it was not before.
  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard removal.shrinks(node.inputs[0]), removal.integers(node, 1) == nil else { return }
    removal.set(try dropped(of: removal.before(node.inputs[0]), nil), &node, 1, "axes")
  }

  private func dropped(of shape: Shape, _ declared: [Int]?) throws -> [Int] {
    try declared.map(shape.axes) ?? shape.dimensions.indices.filter { shape[$0] == 1 }
  }
}

extension Op.Unsqueeze {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), flow.channels[input] != nil else { return }
    let axes = flow.input(node, 1).flatMap { flow.facts[$0]?.value?.integers } ?? []
    let rank = flow.shape(node.outputs[0]).rank
    let added = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    let positions = (0..<rank).filter { !added.contains($0) }
    flow.pass(node) { positions[$0] }
  }
}

extension Op.Transpose {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0) else { return }
    let order = try order(rank: flow.shape(input).rank)
    flow.pass(node) { order.firstIndex(of: $0) ?? $0 }
  }
}

extension Op.Expand {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0) else { return }
    if flow.constant(node, 0) != nil { return flow.defineConstant(node.outputs[0], from: input, of: node) }
    guard let own = flow.channels[input] else { return }
    let (from, to) = (flow.shape(input), flow.shape(node.outputs[0]))
    let shift = to.rank - from.rank
    let left = flow.collapsed(
      own, to: own.axes.filter { to[$0 + shift] == from[$0] }, "Expand '\(node.label)' repeats them")
    let repeated = to.dimensions.indices.filter { $0 > 0 && to[$0] > 1 && ($0 < shift || from[$0 - shift] == 1) }
    if left.isEmpty, repeated.count == 1, let axis = repeated.first {
      // Copies of one number: there are as many as channels beside them.
      return flow.define(node.outputs[0], ChannelGrid(axis: axis, labels: flow.classes.add(to[axis])))
    }
    flow.define(node.outputs[0], left.renumbered { $0 + shift })
  }

  /// A target that is computed follows the shapes that it is computed from.
  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard removal.shrinks(node.outputs[0]), let kept = removal.kept(node.outputs[0]), removal.isConstant(node, 1),
      var target = removal.integers(node, 1)
    else { return }
    let position = kept.axis - (removal.before(node.outputs[0]).rank - target.count)
    guard position >= 0, target[position] != 1 else { return }
    target[position] = kept.positions.count
    removal.set(target, &node, 1, "target")
  }
}

extension Op.Dropout {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    flow.pass(node)
    if node.outputs.count > 1, !node.outputs[1].isEmpty, let own = flow.channels[node.outputs[0]] {
      flow.define(node.outputs[1], own)
    }
  }
}

extension Op.Identity {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.pass(node) }
}
