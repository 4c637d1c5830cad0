extension Reduction {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let rank = flow.shape(input).rank
    let declared = flow.input(node, 1).flatMap { flow.facts[$0]?.value?.integers } ?? []
    let axes = declared.isEmpty ? (emptyMeansNone ? [] : Set(0..<rank)) : Set(declared.map { $0 < 0 ? $0 + rank : $0 })
    guard !axes.contains(own.axis) else {
      return flow.stop(node, "\(node.op.name) '\(node.label)' is over all channels")
    }
    flow.pass(node) { keepsAxes ? $0 : $0 - axes.count { axis in axis < own.axis } }
  }
}
