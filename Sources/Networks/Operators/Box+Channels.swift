import Tensors

extension Op.Slice {
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let ranges = try ranges(of: flow.shape(input), node) { flow.facts[$0]?.value?.integers }
    flow.define(
      node.outputs[0],
      own.axes.reduce(own) { own, axis in
        own.taking((0..<ranges[axis].count).map { ranges[axis].start + $0 * ranges[axis].step }, along: axis)
      })
  }

  /// The bounds along the channel axis are counted anew; where what stays is no regular range, a `Gather` takes it.
  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard removal.shrinks(node.inputs[0]), let input = removal.kept(node.inputs[0]), let output = removal.kept(node.outputs[0])
    else { return }
    let shape = removal.before(node.inputs[0])
    let map = removal.map
    let range = try ranges(of: shape, node) { map.facts[$0]?.value?.integers }[input.axis]
    let axes = try shape.axes(removal.integers(node, 3) ?? Array(0..<(removal.integers(node, 1)?.count ?? 0)))
    guard let position = axes.firstIndex(of: input.axis) else { return }
    let positions = Dictionary(input.positions.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let taken = output.positions.compactMap { positions[range.start + $0 * range.step] }
    let step = taken.count > 1 ? taken[1] - taken[0] : 1
    var (starts, ends) = (removal.integers(node, 1) ?? [], removal.integers(node, 2) ?? [])
    var steps = removal.integers(node, 4) ?? [Int](repeating: 1, count: starts.count)
    if zip(taken, taken.dropFirst()).allSatisfy({ $1 - $0 == step }), let first = taken.first, let last = taken.last {
      (starts[position], steps[position]) = (first, step)
      // An end before the first element would count from the end.
      ends[position] = last + step.signum() < 0 ? -Int(Int32.max) : last + step.signum()
    } else {
      (starts[position], ends[position], steps[position]) = (0, Int(Int32.max), 1)
      let whole = removal.editor.freshName("\(node.label).whole")
      let indices = removal.editor.add(.integers(taken), named: "\(node.label).indices")
      removal.editor.append(
        Op.Gather(axis: input.axis), named: "\(node.label).gather", inputs: [whole, indices], output: node.outputs[0])
      node.outputs[0] = whole
    }
    removal.set(starts, &node, 1, "starts")
    removal.set(ends, &node, 2, "ends")
    removal.set(axes, &node, 3, "axes")
    removal.set(steps, &node, 4, "steps")
  }

  private func ranges(of shape: Shape, _ node: Node, _ integers: (String) -> [Int]?) throws -> [Range] {
    func input(_ position: Int) -> [Int]? { position < node.inputs.count ? node.inputs[position].flatMap(integers) : nil }
    return try ranges(of: shape, starts: input(1) ?? [], ends: input(2) ?? [], axes: input(3), steps: input(4))
  }
}

extension Op.Pad {
  /// Channels that padding adds hold a constant; they go with what they are combined with.
  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws {
    guard let input = flow.input(node, 0), let own = flow.channels[input] else { return }
    let (begin, end) = try borders(
      of: flow.shape(input), pads: flow.input(node, 1).flatMap { flow.facts[$0]?.value?.integers } ?? [],
      axes: flow.input(node, 3).flatMap { flow.facts[$0]?.value?.integers })
    let grown = own.axes.filter { begin[$0] != 0 || end[$0] != 0 }
    guard let axis = grown.first else { return flow.pass(node) }
    guard mode == .constant, grown.count == 1, let labels = flow.channels(of: input, along: axis) else {
      return flow.stop(node, "Pad '\(node.label)' fills channels from others")
    }
    let (first, last) = (begin[axis], end[axis])
    let middle = labels.dropFirst(max(-first, 0)).dropLast(max(-last, 0))
    flow.define(
      node.outputs[0],
      ChannelGrid(axis: axis, labels: flow.classes.add(max(first, 0)) + middle + flow.classes.add(max(last, 0))))
  }

  public func removeChannels(from node: inout Node, _ removal: inout ChannelRemoval) throws {
    guard let input = removal.kept(node.inputs[0]), let output = removal.kept(node.outputs[0]),
      removal.shrinks(node.inputs[0]) || removal.shrinks(node.outputs[0])
    else { return }
    let shape = removal.before(node.inputs[0])
    var pads = removal.integers(node, 1) ?? []
    let axes = try shape.axes(removal.integers(node, 3) ?? Array(0..<shape.rank))
    guard let position = axes.firstIndex(of: input.axis) else { return }
    let (first, last) = (pads[position], pads[position + axes.count])
    let (length, padded) = (shape[input.axis], removal.before(node.outputs[0])[input.axis])
    pads[position] = first > 0 ? output.positions.count { $0 < first } : -input.positions.count { $0 < -first }
    pads[position + axes.count] =
      last > 0 ? output.positions.count { $0 >= padded - last } : -input.positions.count { $0 >= length + last }
    removal.set(pads, &node, 1, "pads")
  }
}
