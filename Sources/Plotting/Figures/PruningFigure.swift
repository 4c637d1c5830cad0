import Tensors

/// Which filters of every layer were kept: a row a layer, a cell a filter, in the filters' order or by score.
public struct PruningFigure: Figure {
  /// A layer.
  public struct Layer: Sendable {
    /// The layer's name.
    public var name: String
    /// For every filter whether it was kept.
    public var isKept: [Bool]
    /// The score of every filter; nil for none.
    ///
    /// Cells of kept filters are the darker, the higher their share of the greatest.
    public var scores: [Double]?

    /// Makes a layer.
    public init(_ name: String, isKept: [Bool], scores: [Double]? = nil) {
      (self.name, self.isKept, self.scores) = (name, isKept, scores)
    }
  }

  /// The kind's name.
  public static let kind = "pruning"
  /// What the kind shows.
  public static let summary = "filters that each layer kept, with their scores"

  /// The title over the figure.
  public var title: String?
  /// The layers from top to bottom.
  public var layers: [Layer]
  /// The words under the rows.
  public var caption: String

  private static let margin = 6.0
  private static let font = Font(7)
  private static let titleFont = Font(9, bold: true)
  private static let rowHeight = 13.0
  private static let barWidth = 300.0

  /// Makes a figure.
  public init(title: String? = nil, layers: [Layer], caption: String = "") {
    (self.title, self.layers, self.caption) = (title, layers, caption)
  }

  /// The size that the names and rows need.
  public var size: Size {
    let width = 2 * Self.margin + nameWidth + 6 + Self.barWidth + 6 + countWidth
    return Size(width, top + Double(layers.count) * Self.rowHeight + captionHeight + Self.margin)
  }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    if let title {
      canvas.draw(
        Text(title, Self.titleFont, width: size.width - 2 * Self.margin, alignment: .center),
        at: Point(size.width / 2, Self.margin), .top)
    }
    let left = Self.margin + nameWidth + 6
    let widest = Double(max(1, layers.map(\.isKept.count).max() ?? 1))
    for (row, layer) in layers.enumerated() {
      let middle = top + (Double(row) + 0.5) * Self.rowHeight
      canvas.draw(Text(layer.name, Self.font, width: nameWidth), at: Point(left - 6, middle), .right)
      // Long rows are as wide as there is room; a short one has cells of at most 12 points.
      let cell = min(12, Self.barWidth / Double(max(layer.isKept.count, 1)))
      let width = min(Self.barWidth, max(cell * Double(layer.isKept.count), Self.barWidth * Double(layer.isKept.count) / widest))
      draw(layer, in: Rectangle(x: left, y: middle - 4.5, width: width, height: 9), on: canvas)
      let kept = layer.isKept.count { $0 }
      canvas.draw(
        Text("\(kept) of \(layer.isKept.count)", Self.font), at: Point(size.width - Self.margin, middle), .right,
        color: kept == layer.isKept.count ? .softInk : .ink)
    }
    if !caption.isEmpty {
      canvas.draw(
        Text(caption, Self.font, width: size.width - 2 * Self.margin), at: Point(Self.margin, size.height - Self.margin),
        .bottomLeft,
        color: .softInk)
    }
  }

  private func draw(_ layer: Layer, in frame: Rectangle, on canvas: Canvas) {
    let order =
      layer.scores.map { scores in
        layer.isKept.indices.sorted {
          (scores[$0].isNaN ? -.infinity : scores[$0], $1) > (scores[$1].isNaN ? -.infinity : scores[$1], $0)
        }
      } ?? Array(layer.isKept.indices)
    let greatest = layer.scores?.filter(\.isFinite).map(abs).max() ?? 0
    let step = frame.width / Double(max(order.count, 1))
    for (position, filter) in order.enumerated() {
      let cell = Rectangle(
        x: frame.x + Double(position) * step, y: frame.y, width: step > 2 ? step - 0.5 : step, height: frame.height)
      guard layer.isKept[filter] else {
        canvas.fill(cell, .hairline)
        continue
      }
      let share = layer.scores.map { greatest > 0 && $0[filter].isFinite ? abs($0[filter]) / greatest : 0 } ?? 1
      canvas.fill(cell, Color.series[0].tint(0.25 + 0.75 * share))
    }
  }

  private var nameWidth: Double { min(160, layers.map { Text($0.name, Self.font).size.width }.max() ?? 0) }
  private var countWidth: Double {
    layers.map { Text("\($0.isKept.count) of \($0.isKept.count)", Self.font).size.width }.max() ?? 0
  }
  private var captionHeight: Double {
    caption.isEmpty
      ? 0 : Text(caption, Self.font, width: 2 * Self.margin + nameWidth + 6 + Self.barWidth + 6 + countWidth).size.height + 4
  }
  private var top: Double {
    let room = nameWidth + 12 + Self.barWidth + countWidth
    return Self.margin + (title.map { Text($0, Self.titleFont, width: room).size.height + 4 } ?? 0)
  }
}

extension Color {
  /// The colour mixed with white: 1 for the colour itself, 0 for white.
  func tint(_ share: Double) -> Color {
    var color = self
    color.red = 1 - share * (1 - red)
    color.green = 1 - share * (1 - green)
    color.blue = 1 - share * (1 - blue)
    return color
  }
}
