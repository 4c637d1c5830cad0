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
    var result: ChannelAxis?
    for case let input? in node.inputs where channels[input] != nil {
      guard var own = channels[input] else { continue }
      own.axis += target.rank - shape(input).rank
      if target[own.axis] != own.labels.count {
        pin(own.labels, "\(node.op.name) '\(node.label)' broadcasts them over channels")
      } else if let first = result {
        if first.axis == own.axis {
          unite(first.labels, own.labels)
        } else {
          pin(own.labels, "\(node.op.name) '\(node.label)' combines them with channels along another axis")
        }
      } else {
        result = own
      }
    }
    guard let result else { return definePinned(output, "\(node.op.name) '\(node.label)' broadcasts them over channels") }
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
