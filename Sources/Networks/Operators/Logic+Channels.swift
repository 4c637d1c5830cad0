extension Op.Equal {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Greater {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.GreaterOrEqual {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Less {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.LessOrEqual {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.And {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Or {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Not {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Where {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}
