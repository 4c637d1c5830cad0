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

extension Op.ReduceMean {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let rank = flow.shape(input).rank
    let declared = flow.input(node, 1).flatMap { flow.facts[$0]?.value?.integers } ?? []
    let axes = declared.isEmpty ? (emptyMeansNone ? [] : Set(0..<rank)) : Set(declared.map { $0 < 0 ? $0 + rank : $0 })
    guard !axes.contains(own.axis) else {
      return flow.stop(node, "ReduceMean '\(node.label)' is over all channels")
    }
    flow.pass(node) { keepsAxes ? $0 : $0 - axes.count { axis in axis < own.axis } }
  }
}

extension ChannelFlow {
  /// Channels pass a window over space, where they do not lie in space themselves.
  fileprivate mutating func passBesideSpace(_ node: Node) {
    guard let input = input(node, 0), let own = channels[input] else { return }
    if own.axis > 1 {
      stop(node, "\(node.op.name) '\(node.label)' pools along their axis")
    } else {
      pass(node)
    }
  }
}
