import Tensors

/// The axes along which a value's channels lie, and a label for every entry of their grid; along all other axes labels are the
/// same.
///
/// Most values have one such axis. A reshape to heads and their widths, `[N, T, h·d] → [N, T, h, d]`, spreads channels over two.
/// A value of which nothing can go, such as a mean over all channels, has none.
public struct ChannelGrid: Hashable, Sendable {
  /// The axes, rising.
  public private(set) var axes: [Int]
  /// The length of each.
  public private(set) var lengths: [Int]
  /// One label an entry, the last axis fastest; none where there are no axes.
  public private(set) var labels: [Int]

  /// No channels.
  static let none = ChannelGrid(axes: [], lengths: [], labels: [])

  /// Channels along one axis.
  init(axis: Int, labels: [Int]) { self.init(axes: [axis], lengths: [labels.count], labels: labels) }

  /// Channels over several axes, given in any order; labels in that order, the last axis fastest.
  init(axes: [Int], lengths: [Int], labels: [Int]) {
    let order = axes.indices.sorted { axes[$0] < axes[$1] }
    self.axes = order.map { axes[$0] }
    self.lengths = order.map { lengths[$0] }
    if order == Array(axes.indices) {
      self.labels = labels
    } else {
      let strides = ChannelGrid.strides(lengths)
      self.labels = ChannelGrid.offsets(self.lengths, order.map { strides[$0] }).map { labels[$0] }
    }
  }

  /// Whether there are no channels.
  var isEmpty: Bool { axes.isEmpty }

  /// The axis, where there is one alone.
  var axis: Int? { axes.count == 1 ? axes[0] : nil }

  /// The length along an axis, or nil where no channels lie along it.
  func length(along axis: Int) -> Int? { axes.firstIndex(of: axis).map { lengths[$0] } }

  /// The same channels with other numbers for the axes.
  func renumbered(_ number: (Int) -> Int) -> ChannelGrid {
    ChannelGrid(axes: axes.map(number), lengths: lengths, labels: labels)
  }

  /// The entries at some positions along an axis of the grid, in that order.
  func taking(_ positions: [Int], along axis: Int) -> ChannelGrid {
    guard let own = axes.firstIndex(of: axis) else { return self }
    let inner = lengths[(own + 1)...].reduce(1, *)
    let outer = lengths[..<own].reduce(1, *)
    var taken: [Int] = []
    taken.reserveCapacity(outer * positions.count * inner)
    for block in 0..<outer {
      for position in positions {
        let start = (block * lengths[own] + position) * inner
        taken += labels[start..<start + inner]
      }
    }
    var lengths = lengths
    lengths[own] = positions.count
    return ChannelGrid(axes: axes, lengths: lengths, labels: taken)
  }

  /// The entries at one position along an axis, without that axis.
  func taking(_ position: Int, along axis: Int) -> ChannelGrid {
    guard let own = axes.firstIndex(of: axis) else { return self }
    var result = taking([position], along: axis)
    result.axes.remove(at: own)
    result.lengths.remove(at: own)
    if result.axes.isEmpty { result.labels = [] }
    return result
  }

  /// The entries of two grids one behind the other along an axis that both have; their other axes are the same.
  func joined(with other: ChannelGrid, along axis: Int) -> ChannelGrid {
    guard let own = axes.firstIndex(of: axis) else { return self }
    let inner = lengths[(own + 1)...].reduce(1, *)
    let (first, second) = (lengths[own] * inner, other.lengths[own] * inner)
    var joined: [Int] = []
    for block in 0..<lengths[..<own].reduce(1, *) {
      joined += labels[block * first..<(block + 1) * first]
      joined += other.labels[block * second..<(block + 1) * second]
    }
    var lengths = lengths
    lengths[own] += other.lengths[own]
    return ChannelGrid(axes: axes, lengths: lengths, labels: joined)
  }

  /// For every entry on some of the axes, the entries of the whole grid that lie there.
  func entries(on kept: [Int]) -> [[Int]] {
    let strides = ChannelGrid.strides(lengths)
    let positions = axes.indices.filter { kept.contains(axes[$0]) }
    let others = axes.indices.filter { !kept.contains(axes[$0]) }
    let inside = ChannelGrid.offsets(others.map { lengths[$0] }, others.map { strides[$0] })
    let starts = ChannelGrid.offsets(positions.map { lengths[$0] }, positions.map { strides[$0] })
    return starts.map { start in inside.map { start + $0 } }
  }

  /// The grid on some of its axes alone, with the first label of each entry.
  func restricted(to kept: [Int]) -> ChannelGrid {
    let positions = axes.indices.filter { kept.contains(axes[$0]) }
    guard positions.count < axes.count else { return self }
    guard !positions.isEmpty else { return .none }
    return ChannelGrid(
      axes: positions.map { axes[$0] }, lengths: positions.map { lengths[$0] }, labels: entries(on: kept).map { labels[$0[0]] })
  }

  /// The same channels on more axes, along which labels repeat; the grid's own are among them.
  func spread(over axes: [Int], lengths: [Int]) -> ChannelGrid {
    let own = ChannelGrid.strides(self.lengths)
    let strides = axes.map { axis in self.axes.firstIndex(of: axis).map { own[$0] } ?? 0 }
    return ChannelGrid(axes: axes, lengths: lengths, labels: ChannelGrid.offsets(lengths, strides).map { labels[$0] })
  }

  static func strides(_ lengths: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: lengths.count)
    for axis in lengths.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * lengths[axis + 1] }
    return strides
  }

  /// The offset of every entry, the last axis fastest.
  static func offsets(_ lengths: [Int], _ strides: [Int]) -> [Int] {
    var offsets = [0]
    for (length, stride) in zip(lengths, strides) {
      var next: [Int] = []
      next.reserveCapacity(offsets.count * length)
      for start in offsets { for position in 0..<length { next.append(start + position * stride) } }
      offsets = next
    }
    return offsets
  }
}
