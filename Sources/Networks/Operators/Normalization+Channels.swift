extension Op.BatchNormalization {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input],
      (1...4).allSatisfy({ flow.constant(node, $0) != nil })
    else { return flow.stop(node, "the parameters of BatchNormalization '\(node.label)' are no constants") }
    if own.axis == 1 {
      for case let parameter? in node.inputs.dropFirst() { flow.record(parameter, axis: 0, labels: own.labels, of: node) }
    }
    flow.pass(node)
  }
}

extension Op.InstanceNormalization {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    guard own.axis < 2, (1...2).allSatisfy({ flow.constant(node, $0) != nil }) else {
      return flow.stop(node, "InstanceNormalization '\(node.label)' normalises over channels, or its parameters are no constants")
    }
    if own.axis == 1 {
      for case let parameter? in node.inputs.dropFirst() { flow.record(parameter, axis: 0, labels: own.labels, of: node) }
    }
    flow.pass(node)
  }
}

extension Op.LayerNormalization {
  /// Mean and variance would change if a channel went.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    guard own.axis < (try flow.shape(input).axis(axis)) else {
      return flow.stop(node, "LayerNormalization '\(node.label)' normalises over all channels")
    }
    flow.pass(node)
  }
}

extension Op.LRN {
  /// A neighbour's position would change if a channel went.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    flow.stop(node, "LRN '\(node.label)' normalises across neighbouring channels")
  }
}
