import Tensors

extension ChannelFlow {
  /// The channels of a rearranged value: the same elements under another shape.
  ///
  /// Axes are matched in runs of equal products; within a run, channels lie along the axes of the result on which the position
  /// among them depends.
  mutating func defineReshaped(_ output: String, from input: String) {
    guard var own = channels[input] else { return }
    let (from, to) = (shape(input), shape(output))
    guard from.count > 0 else { return definePinned(output, "it is empty") }
    // A channel that is the only one of its axis cannot go.
    let single = own.axes.filter { from[$0] == 1 }
    if !single.isEmpty {
      if own.axes.count == single.count { pin(own.labels, "it is the only one in '\(input)'") }
      own = own.restricted(to: own.axes.filter { from[$0] > 1 })
    }
    var (axes, lengths) = ([Int](), [Int]())
    // For every entry of the result, the entry among the input's channels.
    var entries = [0]
    let strides = ChannelGrid.strides(own.lengths)
    for run in Reshaping.runs(from: from, to: to) {
      let inside = own.axes.indices.filter { run.from.contains(own.axes[$0]) }
      guard !inside.isEmpty else { continue }
      let moved = run.moved(
        from, to, channels: inside.map { own.axes[$0] }, strides: inside.map { strides[$0] })
      axes += moved.axes
      lengths += moved.axes.map { to[$0] }
      entries = entries.flatMap { start in moved.entries.map { start + $0 } }
    }
    define(output, ChannelGrid(axes: axes, lengths: lengths, labels: own.isEmpty ? [] : entries.map { own.labels[$0] }))
  }
}

/// Axes of two shapes of as many elements that hold the same ones.
private struct Reshaping {
  /// The axes before, and after, none of length 1.
  var from: [Int], to: [Int]

  /// The shortest such runs, in order.
  static func runs(from: Shape, to: Shape) -> [Reshaping] {
    var before = from.dimensions.indices.filter { from[$0] != 1 }[...]
    var after = to.dimensions.indices.filter { to[$0] != 1 }[...]
    var runs: [Reshaping] = []
    while let a = before.popFirst(), let b = after.popFirst() {
      var run = Reshaping(from: [a], to: [b])
      var (left, right) = (from[a], to[b])
      while left != right {
        if left < right, let next = before.popFirst() {
          run.from.append(next)
          left *= from[next]
        } else if let next = after.popFirst() {
          run.to.append(next)
          right *= to[next]
        } else {
          return runs
        }
      }
      runs.append(run)
    }
    return runs
  }

  /// Where channels of the run come out: the axes after it, and for every entry on them the entry of the channel before.
  ///
  /// - Parameters:
  ///   - channels: the axes before that have channels.
  ///   - strides: their strides among entries.
  func moved(_ before: Shape, _ after: Shape, channels: [Int], strides: [Int]) -> (axes: [Int], entries: [Int]) {
    let weights = from.map { axis in channels.firstIndex(of: axis).map { strides[$0] } ?? 0 }
    let entries = ChannelGrid.offsets(from.map { before[$0] }, weights)
    let lengths = to.map { after[$0] }
    let steps = ChannelGrid.strides(lengths)
    let varying = to.indices.filter { axis in
      entries.indices.contains { element in
        element / steps[axis] % lengths[axis] > 0 && entries[element] != entries[element - steps[axis]]
      }
    }
    let chosen = ChannelGrid.offsets(varying.map { lengths[$0] }, varying.map { steps[$0] })
    return (varying.map { to[$0] }, chosen.map { entries[$0] })
  }
}
