/// Where the values of a panel lie on the sheet.
public struct PlotFrame {
  /// The rectangle inside the axes.
  public let rectangle: Rectangle
  /// The axes.
  public let x, y: Axis
  /// How marks look, by their series.
  public let styles: [SeriesStyle]
  /// How the figure is set.
  public let style: FigureStyle

  /// The point of two values; nil where one has no position.
  public func point(_ x: Double, _ y: Double) -> Point? {
    let (a, b) = (self.x.share(of: x), self.y.share(of: y))
    guard a.isFinite, b.isFinite, abs(a) < 1e6, abs(b) < 1e6 else { return nil }
    return Point(rectangle.x + a * rectangle.width, rectangle.bottom - b * rectangle.height)
  }

  /// The style of a series.
  func style(of series: Int) -> SeriesStyle { styles[series % styles.count] }
}

/// Something that shows values in a panel.
public protocol Mark: Sendable {
  /// The values that the axes must show.
  var xValues: [Double] { get }
  /// The values that the axes must show.
  var yValues: [Double] { get }
  /// The series whose colour it has, from 0.
  var series: Int { get }
  /// What the legend calls it; empty for nothing.
  var name: String { get }

  /// Draws it inside the axes.
  func draw(on canvas: Canvas, in frame: PlotFrame)
  /// Draws it beside its name in a legend, in a box some 15 points wide.
  func drawKey(on canvas: Canvas, in box: Rectangle, _ style: SeriesStyle)
  /// Points that a legend inside the axes keeps clear of.
  func obstacles(in frame: PlotFrame) -> [Point]
}

extension Mark {
  /// The mark's own points.
  public func obstacles(in frame: PlotFrame) -> [Point] { zip(xValues, yValues).compactMap { frame.point($0, $1) } }

  /// A filled box.
  public func drawKey(on canvas: Canvas, in box: Rectangle, _ style: SeriesStyle) {
    canvas.fill(Rectangle(x: box.x + 3, y: box.y + 0.5, width: box.width - 6, height: box.height - 1), style.color)
  }
}
