import Images
import Tensors

/// The key to a heat map's colours: an upright bar with a label at some of its values.
public struct ColorBar: Sendable {
  /// A text beside a position on the bar.
  public struct Label: Hashable, Sendable {
    /// The position, 0 at the bottom, 1 at the top.
    public var share: Double
    /// The text.
    public var text: String

    /// Makes a label.
    public init(_ share: Double, _ text: String) { (self.share, self.text) = (share, text) }
  }

  /// The colours [256, 3], the lowest first.
  public var palette: Tensor<UInt8>
  /// The labels.
  public var labels: [Label]

  static let barWidth = 8.0
  private static let gap = 4.0

  /// Makes a colour bar.
  public init(palette: Tensor<UInt8>, labels: [Label]) { (self.palette, self.labels) = (palette, labels) }

  /// The bar for heat maps that are each on its own scale.
  public init(norm: RelevanceNorm, colormap: Colormap, level: Double = 1) {
    let labels: [Label] =
      switch norm {
      case .symmetric: [Label(1, "max |R|"), Label(0.5, "0"), Label(0, "−max |R|")]
      case .absolute: [Label(1, "max |R|"), Label(0, "0")]
      case .unaligned: [Label(1, "max R"), Label(0, "min R")]
      }
    self.init(palette: colormap.palette(level: level), labels: labels)
  }

  /// What the colours say, such as `accuracy (%)`; runs upwards beside the bar.
  public var title: String?

  /// The bar of a range of values, with ticks at round numbers.
  public init(_ colormap: Colormap, range: ClosedRange<Double>, title: String? = nil) {
    let axis = Axis(showing: [range.lowerBound, range.upperBound], ticks: 4)
    let labels = zip(axis.ticks, axis.labels).map { tick, text in
      let extent = range.upperBound - range.lowerBound
      return Label(extent > 0 ? (tick - range.lowerBound) / extent : 0.5, text)
    }
    self.init(palette: colormap.palette(), labels: labels.filter { 0...1 ~= $0.share })
    self.title = title
  }

  /// The width of bar and labels.
  func width(_ style: FigureStyle) -> Double {
    ColorBar.barWidth + ColorBar.gap + (labels.map { style.text($0.text, .small).size.width }.max() ?? 0)
      + (title == nil ? 0 : style.lineHeight(.small) + 3)
  }

  /// Draws the bar at the left of a rectangle, with the labels on its right; those at the ends stay within its height, and those
  /// that would touch the one before are left out.
  func draw(on canvas: Canvas, in rectangle: Rectangle) {
    let bar = Rectangle(x: rectangle.x, y: rectangle.y, width: ColorBar.barWidth, height: rectangle.height)
    let colors = stride(from: palette.shape[0] - 1, through: 0, by: -1).flatMap { palette.elements[3 * $0..<3 * $0 + 3] }
    canvas.drawGradient(Image(pixels: Tensor(colors, shape: [palette.shape[0], 1, 3])), filling: bar)
    canvas.outline(bar, canvas.theme.softInk, width: 0.4)
    var free = bar.bottom
    let ordered = labels.sorted { $0.share < $1.share }
    let texts = ordered.map { canvas.style.text($0.text, .small) }
    // The top label counts most: others give way to it.
    let reserved = texts.last.map { bar.y + $0.size.height } ?? bar.y
    for (number, (label, text)) in zip(ordered, texts).enumerated() {
      let y = bar.bottom - label.share * bar.height
      let middle = max(bar.y + text.size.height / 2, min(bar.bottom - text.size.height / 2, y))
      let isLast = number == ordered.count - 1
      guard middle + text.size.height / 2 <= free + 0.01, isLast || middle - text.size.height / 2 >= reserved else { continue }
      canvas.line([Point(bar.right, y), Point(bar.right + 2, y)], canvas.theme.softInk, width: 0.4)
      canvas.draw(text, at: Point(bar.right + ColorBar.gap, middle), .left, color: canvas.theme.softInk)
      free = middle - text.size.height / 2
    }
    if let title {
      let text = canvas.style.text(title, .small, width: bar.height, lines: 1)
      canvas.draw(text, at: Point(rectangle.right, bar.center.y), .bottom, turned: true)
    }
  }
}
