import Tensors

extension Op.ConstantValue {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {}
}

extension Op.ConstantOfShape {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {}
}

extension Op.Cast {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.pass(node) }
}

extension Op.ShapeOf {
  /// A length is no channel; what reads it is checked against the shapes that are left.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {}
}

extension Op.RangeOf {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {}
}

extension Op.ScatterND {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    flow.stop(node, "ScatterND '\(node.label)' writes into them")
  }
}

extension Op.Gather {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let shape = flow.shape(input)
    let axis = axis < 0 ? axis + shape.rank : axis
    let indices = flow.input(node, 1).flatMap { flow.facts[$0] }
    let rank = indices?.shape.rank ?? 0
    func shifted(_ own: Int) -> Int { own > axis ? own + rank - 1 : own }
    guard own.axes.contains(axis) else { return flow.pass(node, axis: shifted) }
    guard rank <= 1, let positions = indices?.value?.integers, flow.constant(node, 1) != nil else {
      return flow.stop(node, "Gather '\(node.label)' takes single ones of them")
    }
    let taken = positions.map { $0 < 0 ? $0 + shape[axis] : $0 }
    flow.define(
      node.outputs[0],
      rank == 0 ? own.taking(taken[0], along: axis).renumbered(shifted) : own.taking(taken, along: axis))
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    let axis = axis < 0 ? axis + removal.before(node.inputs[0]).rank : axis
    guard removal.shrinks(node.inputs[0]), let input = removal.kept(node.inputs[0]), input.axis == axis,
      let indices = removal.integers(node, 1)
    else { return }
    let length = removal.before(node.inputs[0])[axis]
    let positions = Dictionary(input.positions.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let taken = indices.compactMap { positions[$0 < 0 ? $0 + length : $0] }
    if removal.before(node.inputs[1]).rank > 0 {
      removal.set(taken, &node, 1, "indices")
    } else if let position = taken.first {
      node.inputs[1] = removal.editor.add(.int64(Tensor(scalar: Int64(position))), named: "\(node.label).index")
    }
  }
}
