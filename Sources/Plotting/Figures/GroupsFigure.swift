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

  private static let margin = 6.0
  private static let font = Font(7)
  private static let titleFont = Font(9, bold: true)
  private static let rowHeight = 11.0
  private static let laneWidth = 11.0

  /// Makes a figure.
  public init(title: String? = nil, layers: [String], groups: [Group]) {
    (self.title, self.layers, self.groups) = (title, layers, groups)
  }

  /// The size that names, lines and rows need.
  public var size: Size {
    let width = 2 * Self.margin + nameWidth + 8 + Double(lanes.count) * Self.laneWidth + noteWidth
    return Size(width, top + Double(layers.count) * Self.rowHeight + Self.margin)
  }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let (lanes, lane) = (lanes, placement)
    if let title { canvas.draw(Text(title, Self.titleFont), at: Point(Self.margin, Self.margin), .topLeft) }
    let left = Self.margin + nameWidth + 8
    func middle(_ row: Int) -> Double { top + (Double(row) + 0.5) * Self.rowHeight }
    for (row, name) in layers.enumerated() {
      canvas.line(
        [Point(left, middle(row)), Point(left + Double(lanes.count) * Self.laneWidth, middle(row))], .hairline, width: 0.3)
      canvas.draw(Text(name, Self.font, width: nameWidth), at: Point(left - 6, middle(row)), .right)
    }
    for (position, group) in groups.enumerated() {
      guard let first = group.layers.min(), let last = group.layers.max() else { continue }
      let color = group.reason == nil ? Color.series[position % (Color.series.count - 1)] : Color.softInk
      let x = left + (Double(lane[position]) + 0.5) * Self.laneWidth
      if last > first { canvas.line([Point(x, middle(first)), Point(x, middle(last))], color, width: 1.4) }
      for row in group.layers {
        let dot = Point(x, middle(row))
        canvas.fillCircle(at: dot, radius: 3, color)
        if group.reason != nil { canvas.fillCircle(at: dot, radius: 1.8, Color(0xFFFFFF)) }
      }
    }
    let notes = left + Double(lanes.count) * Self.laneWidth + 4
    for row in layers.indices {
      let own = groups.filter { $0.layers.min() == row }
      guard !own.isEmpty else { continue }
      let text = own.map(Self.note).joined(separator: ";  ")
      canvas.draw(
        Text(text, Self.font), at: Point(notes, middle(row)), .left,
        color: own.contains { $0.reason == nil } ? .ink : .softInk)
    }
  }

  private static func note(_ group: Group) -> String {
    let channels = "\(group.channels) channel\(group.channels == 1 ? "" : "s")"
    let layers = group.layers.count > 1 ? " × \(group.layers.count) layers" : ""
    return channels + layers + (group.reason.map { ": stay, \($0)" } ?? "")
  }

  /// The last row that is taken in each lane.
  private var lanes: [Int] { placed.lanes }
  /// The lane of each group.
  private var placement: [Int] { placed.lane }

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

  private var nameWidth: Double { min(180, layers.map { Text($0, Self.font).size.width }.max() ?? 0) }
  private var noteWidth: Double {
    let rows = Dictionary(grouping: groups) { $0.layers.min() ?? 0 }
    return 8 + (rows.values.map { Text($0.map(Self.note).joined(separator: ";  "), Self.font).size.width }.max() ?? 0)
  }
  private var top: Double { Self.margin + (title.map { Text($0, Self.titleFont).size.height + 4 } ?? 0) }
}
