import Tensors

extension Op.Add {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Sub {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Mul {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Mod {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Div {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Sum {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Min {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Max {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension Op.Pow {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.combine(node) }
}

extension ChannelFlow {
  /// Values are combined element by element under broadcasting: channels at the same position become one class, and entries of
  /// constants go with them.
  mutating func combine(_ node: Node) {
    let output = node.outputs[0]
    let target = shape(output)
    var result = ChannelGrid.none
    for case let input? in node.inputs {
      guard var own = channels[input] else { continue }
      own = own.renumbered { $0 + target.rank - shape(input).rank }
      own = collapsed(
        own, to: own.axes.filter { target[$0] == own.length(along: $0) },
        "\(node.op.name) '\(node.label)' broadcasts them over channels")
      if let both = united(result, own) {
        result = both
      } else {
        pin(own.labels, "\(node.op.name) '\(node.label)' combines them with channels along another axis")
      }
    }
    for case let input? in node.inputs where channels[input] == nil {
      if graph.constants[input] != nil {
        recordBroadcast(input, against: result, rank: target.rank, of: node)
      } else {
        pin(result.labels, "\(node.op.name) '\(node.label)' reads '\(input)', whose channels are not known")
      }
    }
    define(output, result)
  }
}
