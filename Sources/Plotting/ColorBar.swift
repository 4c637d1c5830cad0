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
  private static let font = Font(7)

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

  /// The width of bar and labels.
  var width: Double {
    ColorBar.barWidth + ColorBar.gap + (labels.map { Text($0.text, ColorBar.font).size.width }.max() ?? 0)
  }

  /// Draws the bar at the left of a rectangle, with the labels on its right; those at the ends stay within its height.
  func draw(on canvas: Canvas, in rectangle: Rectangle) {
    let bar = Rectangle(x: rectangle.x, y: rectangle.y, width: ColorBar.barWidth, height: rectangle.height)
    let colors = stride(from: palette.shape[0] - 1, through: 0, by: -1).flatMap { palette.elements[3 * $0..<3 * $0 + 3] }
    canvas.draw(Image(pixels: Tensor(colors, shape: [palette.shape[0], 1, 3])), filling: bar, smooth: true)
    canvas.outline(bar, .softInk, width: 0.4)
    for label in labels {
      let text = Text(label.text, ColorBar.font)
      let y = bar.bottom - label.share * bar.height
      canvas.line([Point(bar.right, y), Point(bar.right + 2, y)], .softInk, width: 0.4)
      let middle = max(bar.y + text.size.height / 2, min(bar.bottom - text.size.height / 2, y))
      canvas.draw(text, at: Point(bar.right + ColorBar.gap, middle), .left, color: .softInk)
    }
  }
}
