extension Op.MaxPool {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passBesideSpace(node) }
}

extension Op.AveragePool {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passBesideSpace(node) }
}

extension Op.GlobalAveragePool {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passBesideSpace(node) }
}

extension Op.GlobalMaxPool {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passBesideSpace(node) }
}

extension ChannelFlow {
  /// Channels pass a window over space, where they do not lie in space themselves.
  fileprivate mutating func passBesideSpace(_ node: Node) {
    guard let input = input(node, 0), let own = channels[input] else { return }
    let beside = own.axes.filter { $0 < 2 }
    if beside.isEmpty, !own.isEmpty {
      stop(node, "\(node.op.name) '\(node.label)' pools along their axis")
    } else {
      define(node.outputs[0], collapsed(own, to: beside))
    }
  }
}
