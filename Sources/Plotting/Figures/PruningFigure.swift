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

  private static let barWidth = 300.0

  /// Makes a figure.
  public init(title: String? = nil, layers: [Layer], caption: String = "") {
    (self.title, self.layers, self.caption) = (title, layers, caption)
  }

  /// A strip a layer.
  public func composition(_ style: FigureStyle) -> Composition {
    let counts = layers.map { layer in "\(layer.isKept.count { $0 }) of \(layer.isKept.count)" }
    let named = NamedRows(names: layers.map(\.name), notes: counts, content: Self.barWidth, leastContent: 80, style)
    let widest = Double(max(1, layers.map(\.isKept.count).max() ?? 1))
    let color = style.series(1)[0].color
    let body = layers.enumerated().map { row, layer in
      named.strip(row, note: layer.isKept.allSatisfy { $0 } ? style.theme.softInk : style.theme.ink) { canvas, box in
        // Long rows are as wide as there is room; a short one has cells of at most 12 points.
        let count = Double(layer.isKept.count)
        let cell = min(12, box.width / max(count, 1))
        let width = min(box.width, max(cell * count, box.width * count / widest))
        draw(layer, in: Rectangle(x: box.x, y: box.center.y - 4.5, width: width, height: 9), color, on: canvas)
      }
    }
    var footer: [Strip] = []
    if !caption.isEmpty {
      let text = style.text(caption, .small, width: named.width)
      footer = [.gap(4), .text(text, width: named.width, color: style.theme.softInk)]
    }
    return Composition(width: named.width, body: body, footer: footer)
  }

  private func draw(_ layer: Layer, in frame: Rectangle, _ color: Color, on canvas: Canvas) {
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
        canvas.fill(cell, canvas.theme.hairline)
        continue
      }
      let share = layer.scores.map { greatest > 0 && $0[filter].isFinite ? abs($0[filter]) / greatest : 0 } ?? 1
      canvas.fill(cell, color.mixed(0.25 + 0.75 * share, with: canvas.theme.paper))
    }
  }
}
