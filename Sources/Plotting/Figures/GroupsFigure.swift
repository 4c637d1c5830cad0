import Tensors

/// The layers of a network with their coupled channels: layers that can only lose channels together hang on one line.
public struct GroupsFigure: Figure {
  /// Layers whose channels go together.
  public struct Group: Sendable {
    /// The positions of the layers.
    public var layers: [Int]
    /// The number of channels.
    public var channels: Int
    /// Why they must stay; nil if they may go.
    public var reason: String?

    /// Makes a group.
    public init(layers: [Int], channels: Int, reason: String? = nil) {
      (self.layers, self.channels, self.reason) = (layers, channels, reason)
    }
  }

  /// The kind's name.
  public static let kind = "groups"
  /// What the kind shows.
  public static let summary = "a network's layers with the channels that go together"

  /// The title over the figure.
  public var title: String?
  /// The names of the layers, from top to bottom.
  public var layers: [String]
  /// The groups.
  public var groups: [Group]

  private static let laneWidth = 11.0

  /// Makes a figure.
  public init(title: String? = nil, layers: [String], groups: [Group]) {
    (self.title, self.layers, self.groups) = (title, layers, groups)
  }

  /// A strip a layer; lines go on from one to the next.
  public func composition(_ style: FigureStyle) -> Composition {
    let (lanes, lane) = placed
    let notes = layers.indices.map { row in
      groups.filter { $0.layers.min() == row }.map(Self.note).joined(separator: ";  ")
    }
    let isSoft = layers.indices.map { row in !groups.contains { $0.layers.min() == row && $0.reason == nil } }
    let count = Double(max(lanes.count, 1))
    let named = NamedRows(
      names: layers, notes: notes, content: count * Self.laneWidth, leastContent: min(count * Self.laneWidth, 140), grows: false,
      style)
    let step = min(named.contentWidth / count, Self.laneWidth)
    let styles = style.series(style.palette.light.count)
    var present = [[Int]](repeating: [], count: layers.count)
    for (position, group) in groups.enumerated() {
      guard let first = group.layers.min(), let last = group.layers.max() else { continue }
      for row in max(first, 0)...max(last, first, 0) where row < layers.count { present[row].append(position) }
    }
    let body = layers.indices.map { row in
      named.strip(row, note: isSoft[row] ? style.theme.softInk : style.theme.ink) { canvas, box in
        let middle = box.center.y
        canvas.line([Point(box.x, middle), Point(box.x + count * step, middle)], canvas.theme.hairline, width: 0.3)
        for position in present[row] {
          let group = groups[position]
          let color = group.reason == nil ? styles[position % styles.count].color : canvas.theme.softInk
          let x = box.x + (Double(lane[position]) + 0.5) * step
          let isFirst = group.layers.min() == row
          let isLast = group.layers.max() == row
          if !(isFirst && isLast) {
            canvas.line([Point(x, isFirst ? middle : box.y), Point(x, isLast ? middle : box.bottom)], color, width: 1.2)
          }
          guard group.layers.contains(row) else { continue }
          let radius = min(2.8, max(0.8, 0.4 * step))
          canvas.draw(.circle, at: Point(x, middle), radius: radius, color, isHollow: group.reason != nil)
        }
      }
    }
    return Composition(width: named.width, body: body)
  }

  private static func note(_ group: Group) -> String {
    let channels = "\(group.channels) channel\(group.channels == 1 ? "" : "s")"
    let layers = group.layers.count > 1 ? " × \(group.layers.count) layers" : ""
    return channels + layers + (group.reason.map { ": stay, \($0)" } ?? "")
  }

  /// Lines that would meet stand in lanes of their own.
  private var placed: (lanes: [Int], lane: [Int]) {
    var lanes: [Int] = []
    var lane = [Int](repeating: 0, count: groups.count)
    let order = groups.indices.sorted { (groups[$0].layers.min() ?? 0, $0) < (groups[$1].layers.min() ?? 0, $1) }
    for position in order {
      guard let first = groups[position].layers.min(), let last = groups[position].layers.max() else { continue }
      if let free = lanes.firstIndex(where: { $0 < first }) {
        lanes[free] = last
        lane[position] = free
      } else {
        lane[position] = lanes.count
        lanes.append(last)
      }
    }
    return (lanes, lane)
  }
}
