extension ElementwiseOperator {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.pass(node) }
}

extension Op.PRelu {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input], let slope = flow.input(node, 1),
      flow.constant(node, 1) != nil
    else { return flow.stop(node, "the slopes of PRelu '\(node.label)' are no constants") }
    flow.recordBroadcast(slope, against: own, rank: flow.shape(input).rank, of: node)
    flow.pass(node)
  }
}

extension Op.Clip {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.pass(node) }
}

extension Op.Softmax {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passUnlessMixed(node, along: axis) }
}

extension Op.LogSoftmax {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passUnlessMixed(node, along: axis) }
}

extension ChannelFlow {
  /// Channels pass unless they lie along the axis that the node mixes.
  fileprivate mutating func passUnlessMixed(_ node: Node, along axis: Int) {
    guard let input = input(node, 0), let own = channels[input] else { return }
    let rank = shape(input).rank
    let mixed = axis < 0 ? axis + rank : axis
    let beside = own.axes.filter { $0 != mixed }
    if beside.isEmpty, !own.isEmpty {
      stop(node, "\(node.op.name) '\(node.label)' is over all channels")
    } else {
      define(node.outputs[0], collapsed(own, to: beside))
    }
  }
}
