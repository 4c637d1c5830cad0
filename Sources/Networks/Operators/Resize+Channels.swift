import Tensors

extension Op.Resize {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    guard own.axes.allSatisfy({ flow.shape(input)[$0] == flow.shape(node.outputs[0])[$0] }) else {
      return flow.stop(node, "Resize '\(node.label)' changes their number")
    }
    flow.pass(node)
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    // Sizes that are computed follow the input's.
    guard removal.shrinks(node.inputs[0]), let kept = removal.kept(node.inputs[0]), node.inputs.count > 3,
      let name = node.inputs[3], removal.map.graph.constants[name] != nil, var sizes = removal.integers(node, 3), !sizes.isEmpty,
      let position = try resizedPositions(of: removal.before(node.inputs[0]), count: sizes.count).firstIndex(of: kept.axis)
    else { return }
    sizes[position] = kept.positions.count
    removal.set(sizes, &node, 3, "sizes")
  }
}
