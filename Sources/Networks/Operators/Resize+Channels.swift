import Tensors

extension Op.Resize {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    guard flow.shape(input)[own.axis] == flow.shape(node.outputs[0])[own.axis] else {
      return flow.stop(node, "Resize '\(node.label)' changes their number")
    }
    flow.pass(node)
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard removal.shrinks(node.inputs[0]), let kept = removal.kept(node.inputs[0]), var sizes = removal.integers(node, 3),
      !sizes.isEmpty
    else { return }
    sizes[kept.axis] = kept.places.count
    removal.set(sizes, &node, 3, "sizes")
  }
}
