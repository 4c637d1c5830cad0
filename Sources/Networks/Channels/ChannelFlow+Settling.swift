extension ChannelFlow {
  /// Makes labels one class across all axes but one, for every value and constant that has them on several.
  ///
  /// A tensor can only lose whole slices. The axis is the one that leaves most classes apart.
  ///
  /// - Returns: the channels of every value, and the entries of constants.
  mutating func settle() -> (channels: [String: ChannelAxis], slots: [ChannelSlot]) {
    var settled: [String: ChannelAxis] = [:]
    for value in graph.inputs.map(\.name) + graph.nodes.flatMap(\.outputs) {
      if let own = channels[value], let axis = settle(own) { settled[value] = axis }
    }
    var entries = slots.compactMap { slot -> ChannelSlot? in
      guard let own = settle(slot.grid), let position = slot.grid.axes.firstIndex(of: own.axis), let axis = slot.axes[position]
      else { return nil }
      return ChannelSlot(constant: slot.constant, axis: axis, labels: own.labels, node: slot.node)
    }
    settleSharedConstants(&entries)
    return (settled, entries)
  }

  private mutating func settle(_ own: ChannelGrid) -> ChannelAxis? {
    guard let axis = own.axes.count > 1 ? bestAxis(of: own) : own.axis else { return nil }
    return ChannelAxis(axis: axis, labels: collapsed(own, to: [axis]).labels)
  }

  /// The axis of a grid along which most classes that may go stay apart if labels become one class across the others; the last
  /// among equals.
  func bestAxis(of own: ChannelGrid, among axes: [Int]? = nil) -> Int? {
    let roots = own.labels.map(classes.root)
    let numbers = Dictionary(Set(roots).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var best: (axis: Int, classes: Int)?
    for axis in axes ?? own.axes {
      var local = ChannelClasses()
      _ = local.add(numbers.count)
      for (root, number) in numbers { if let reason = classes.reason(root) { local.pin(number, reason) } }
      let entries = own.entries(on: [axis])
      for slice in entries { for entry in slice.dropFirst() { local.union(numbers[roots[slice[0]]]!, numbers[roots[entry]]!) } }
      let left = Set(entries.compactMap { slice in slice.first.map { local.root(numbers[roots[$0]]!) } })
        .count { local.reason($0) == nil }
      if best == nil || left >= best!.classes { best = (axis, left) }
    }
    return best?.axis
  }

  /// Entries of a constant that several nodes read go together; those that one reader does not know of must stay.
  private mutating func settleSharedConstants(_ entries: inout [ChannelSlot]) {
    for slots in Dictionary(grouping: entries, by: { "\($0.axis) \($0.constant)" }).values {
      guard let first = slots.first else { continue }
      for slot in slots.dropFirst() { unite(first.labels, slot.labels) }
      let readers = Set(graph.consumers(of: first.constant).map(\.id))
      if readers != Set(slots.map(\.node)) || graph.isOutput(first.constant) {
        pin(first.labels, "the weight '\(first.constant)' is used elsewhere too")
      }
    }
  }
}
