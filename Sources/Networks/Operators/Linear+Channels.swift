import Tensors

extension Op.Conv {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let weight = flow.input(node, 1), let inputs = flow.channels(of: flow.input(node, 0), along: 1),
      flow.constant(node, 1) != nil, flow.input(node, 2) == nil || flow.constant(node, 2) != nil
    else { return flow.stop(node, "the weights or the channels of Conv '\(node.label)' are no constants") }
    let shape = flow.shape(weight)
    let outputs = flow.convolutionChannels(node, inputs, group: group, outputs: shape[0], groupWeightAxis: 1, weight: weight)
    flow.record(weight, axis: 0, labels: outputs, of: node)
    if let bias = flow.input(node, 2) { flow.record(bias, axis: 0, labels: outputs, of: node) }
    flow.define(node.outputs[0], ChannelGrid(axis: 1, labels: outputs))
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    if let left = removal.groupsLeft(node) { node.op = Op.Conv(group: left, window: window) }
  }
}

extension Op.ConvTranspose {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let weight = flow.input(node, 1), let inputs = flow.channels(of: flow.input(node, 0), along: 1),
      flow.constant(node, 1) != nil, flow.input(node, 2) == nil || flow.constant(node, 2) != nil
    else { return flow.stop(node, "the weights or the channels of ConvTranspose '\(node.label)' are no constants") }
    let perGroup = flow.shape(weight)[1]
    let outputs = flow.convolutionChannels(
      node, inputs, group: group, outputs: perGroup * group, groupWeightAxis: nil, weight: weight)
    flow.record(weight, axis: 0, labels: inputs, of: node)
    if !flow.losesGroups(node) { flow.record(weight, axis: 1, labels: Array(outputs.prefix(perGroup)), of: node) }
    if let bias = flow.input(node, 2) { flow.record(bias, axis: 0, labels: outputs, of: node) }
    flow.define(node.outputs[0], ChannelGrid(axis: 1, labels: outputs))
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard let left = removal.groupsLeft(node) else { return }
    node.op = Op.ConvTranspose(group: left, window: window, outputPadding: outputPadding, outputShape: outputShape)
  }
}

extension Op.Gemm {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let weight = flow.input(node, 1), let inputs = flow.channels(of: flow.input(node, 0), along: 1), !transposeA,
      flow.constant(node, 1) != nil, flow.input(node, 2) == nil || flow.constant(node, 2) != nil
    else { return flow.stop(node, "Gemm '\(node.label)' multiplies no rows of features by a constant") }
    let outputs = flow.classes.add(flow.shape(node.outputs[0])[1])
    flow.record(weight, axis: transposeB ? 1 : 0, labels: inputs, of: node)
    flow.record(weight, axis: transposeB ? 0 : 1, labels: outputs, of: node)
    let result = ChannelGrid(axis: 1, labels: outputs)
    if let bias = flow.input(node, 2) { flow.recordBroadcast(bias, against: result, rank: 2, of: node) }
    flow.recordLinear(node, axis: 1, inputs: inputs, outputs: outputs)
    flow.define(node.outputs[0], result)
  }
}

extension Op.MatMul {
  /// A constant matrix on either side is a linear layer along the axis that it is multiplied with; where the channels lie along
  /// another one they pass.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let left = flow.input(node, 0), let right = flow.input(node, 1) else { return }
    let isRight = flow.constant(node, 1) != nil
    let (data, weight) = isRight ? (left, right) : (right, left)
    let rank = flow.shape(data).rank
    guard isRight || flow.constant(node, 0) != nil, flow.shape(weight).rank == 2, rank >= 2, let own = flow.channels[data] else {
      return flow.passProduct(node)
    }
    let contracted = isRight ? rank - 1 : rank - 2
    flow.define(data, flow.decided(own, mixing: [contracted], isProduct: true))
    guard let inputs = flow.channels(of: data, along: contracted) else {
      // Rows or columns beside the product: every one is multiplied alike.
      return flow.define(node.outputs[0], own)
    }
    let outputs = flow.classes.add(flow.shape(node.outputs[0])[contracted])
    flow.record(weight, axis: isRight ? 0 : 1, labels: inputs, of: node)
    flow.record(weight, axis: isRight ? 1 : 0, labels: outputs, of: node)
    flow.recordLinear(node, axis: contracted, inputs: inputs, outputs: outputs)
    flow.define(node.outputs[0], ChannelGrid(axis: contracted, labels: outputs))
  }
}

extension ChannelFlow {
  /// The labels of a convolution's outputs, with what its groups ask for made one class.
  ///
  /// - Parameter groupWeightAxis: the axis of the weight that counts the inputs of one group; nil where it counts all inputs.
  fileprivate mutating func convolutionChannels(
    _ node: Node, _ inputs: [Int], group: Int, outputs count: Int, groupWeightAxis: Int?, weight: String
  ) -> [Int] {
    let (ins, outs) = (inputs.count / max(group, 1), count / max(group, 1))
    let losesGroups = group > 1 && (groups == .wholeGroups || ins == 1)
    let outputs: [Int]
    if losesGroups {
      // Group g with its inputs and outputs is one class.
      for position in inputs.indices { classes.union(inputs[position / ins * ins], inputs[position]) }
      outputs = (0..<count).map { inputs[$0 / outs * ins] }
    } else {
      outputs = classes.add(count)
      for position in inputs.indices { classes.union(inputs[position % ins], inputs[position]) }
      for position in outputs.indices { classes.union(outputs[position % outs], outputs[position]) }
      if let axis = groupWeightAxis { record(weight, axis: axis, labels: Array(inputs.prefix(ins)), of: node) }
    }
    recordLinear(node, axis: 1, inputs: inputs, outputs: outputs, group: group, losesGroups: losesGroups)
    return outputs
  }

  /// Whether the layer last recorded, the node's, loses whole groups.
  fileprivate func losesGroups(_ node: Node) -> Bool { linear.last.map { $0.node == node.id && $0.losesGroups } ?? false }
}

extension ChannelRemoval {
  /// The number of groups that a convolution has left, or nil where it keeps all.
  fileprivate func groupsLeft(_ node: Node) -> Int? {
    guard let layer = map.linear.first(where: { $0.node == node.id }), layer.losesGroups, layer.group > 0 else { return nil }
    return kept(layer.inputs).count / (layer.inputs.count / layer.group)
  }
}
