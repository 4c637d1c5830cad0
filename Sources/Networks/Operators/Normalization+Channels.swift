extension Op.BatchNormalization {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input],
      (1...4).allSatisfy({ flow.constant(node, $0) != nil })
    else { return flow.stop(node, "the parameters of BatchNormalization '\(node.label)' are no constants") }
    for case let parameter? in node.inputs.dropFirst() { flow.record(parameter, own, of: node) { $0 == 1 ? 0 : nil } }
    flow.pass(node)
  }
}

extension Op.InstanceNormalization {
  /// Channels behind the second axis, as those of a group norm's groups, are normalised over: see ``LayerNormalization``.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    guard (1...2).allSatisfy({ flow.constant(node, $0) != nil }) else {
      return flow.stop(node, "the parameters of InstanceNormalization '\(node.label)' are no constants")
    }
    for case let parameter? in node.inputs.dropFirst() { flow.record(parameter, own, of: node) { $0 == 1 ? 0 : nil } }
    flow.pass(node)
  }

  public func maskChannels(of node: Node, _ masking: inout ChannelMasking) throws {
    guard let input = node.inputs[0], let loss = masking.loss(of: input), loss.axis > 1 else { return }
    let rank = masking.map.facts[input]?.shape.rank ?? 0
    let normalised = masking.normalised(input, over: Array(2..<rank), epsilon: epsilon, of: node)
    func beside(_ position: Int) -> String {
      let axes = masking.editor.add(.integers(Array(1..<rank - 1)), named: "\(node.label).space\(position)")
      return masking.editor.add(
        Op.Unsqueeze(), named: "\(node.label).parameter\(position)", inputs: [node.inputs[position], axes])
    }
    let scaled = masking.editor.add(Op.Mul(), named: "\(node.label).scaled", inputs: [normalised, beside(1)])
    masking.replace(node, by: Op.Add(), [scaled, beside(2)])
  }
}

extension Op.LayerNormalization {
  /// Mean and variance are those of the channels that are there: they are others when a channel goes
  /// (``ChannelMap/graph(masking:as:)``).
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let shape = flow.shape(input)
    let first = try shape.axis(axis)
    for position in 1..<node.inputs.count {
      guard let parameter = flow.input(node, position) else { continue }
      guard flow.constant(node, position) != nil else {
        return flow.stop(node, "the parameters of LayerNormalization '\(node.label)' are no constants")
      }
      flow.recordBroadcast(parameter, against: own, rank: shape.rank, of: node)
    }
    // One number is no sample to normalise over.
    for axis in own.axes where axis >= first && own.length(along: axis) == 1 { flow.pin(own.labels, "it is the only one") }
    flow.pass(node)
  }

  public func maskChannels(of node: Node, _ masking: inout ChannelMasking) throws {
    guard let input = node.inputs[0], let shape = masking.map.facts[input]?.shape, let loss = masking.loss(of: input),
      case let first = try shape.axis(axis), loss.axis >= first
    else { return }
    let normalised = masking.normalised(input, over: Array(first..<shape.rank), epsilon: epsilon, of: node)
    guard node.inputs.count > 2, let bias = node.inputs[2] else {
      return masking.replace(node, by: Op.Mul(), [normalised, node.inputs[1]])
    }
    let scaled = masking.editor.add(Op.Mul(), named: "\(node.label).scaled", inputs: [normalised, node.inputs[1]])
    masking.replace(node, by: Op.Add(), [scaled, bias])
  }
}

extension Op.LRN {
  /// A neighbour's position would change if a channel went.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    flow.stop(node, "LRN '\(node.label)' normalises across neighbouring channels")
  }
}
