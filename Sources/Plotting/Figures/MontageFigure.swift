import Images
import Tensors

/// One image and its heat maps by several methods, in a grid with a caption under each, beside a key to the colours.
public struct MontageFigure: Figure {
  /// One cell of the grid.
  public struct Cell: Sendable {
    /// What stands under it.
    public var caption: String
    /// The image or heat map.
    public var image: Image

    /// Makes a cell.
    public init(_ caption: String, _ image: Image) { (self.caption, self.image) = (caption, image) }
  }

  /// The kind's name.
  public static let kind = "montage"
  /// What the kind shows.
  public static let summary = "one image under many composites, with captions and a colour bar"

  /// The title over the figure.
  public var title: String?
  /// The cells, row by row.
  public var cells: [Cell]
  /// The number of columns.
  public var columns: Int
  /// The key to the colours, at the right.
  public var colorBar: ColorBar?
  /// The side of a cell in points.
  public var cellSide = 96.0

  private static let margin = 6.0
  private static let gap = 6.0
  private static let captionGap = 2.0
  private static let captionFont = Font(7.5)
  private static let titleFont = Font(10, bold: true)

  /// Makes a figure.
  ///
  /// - Parameter columns: the number of columns; nil for as many as make the grid about as wide as it is high.
  public init(title: String? = nil, cells: [Cell], columns: Int? = nil, colorBar: ColorBar? = nil) {
    self.title = title
    self.cells = cells
    self.columns = max(1, columns ?? Int(Double(cells.count).squareRoot().rounded(.up)))
    self.colorBar = colorBar
  }

  /// The size in points that titles, cells and captions need.
  public var size: Size { layout.size }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let layout = layout
    if let title = layout.title { canvas.draw(title, at: Point(layout.size.width / 2, MontageFigure.margin), .top) }
    for (position, cell) in cells.enumerated() {
      let corner = Point(layout.x(position % columns), layout.tops[position / columns])
      let square = Rectangle(x: corner.x, y: corner.y, width: cellSide, height: cellSide)
      canvas.outline(canvas.draw(cell.image, fittedIn: square), .softInk, width: 0.3)
      canvas.draw(
        layout.captions[position], at: Point(corner.x + cellSide / 2, corner.y + cellSide + MontageFigure.captionGap), .top)
    }
    if let colorBar, let first = layout.tops.first, let last = layout.tops.last {
      let height = min(last + cellSide - first, 3 * cellSide)
      let middle = (first + last + cellSide) / 2
      let bar = Rectangle(
        x: layout.x(columns) + MontageFigure.gap, y: middle - height / 2, width: colorBar.width, height: height)
      colorBar.draw(on: canvas, in: bar)
    }
  }

  /// Where everything goes; made from measured text, so that no caption is cut off.
  private struct Layout {
    var title: Text?
    var captions: [Text]
    /// The top of each row.
    var tops: [Double]
    var left: Double
    var step: Double
    var size: Size

    func x(_ column: Int) -> Double { left + Double(column) * step }
  }

  private var layout: Layout {
    let (margin, gap) = (MontageFigure.margin, MontageFigure.gap)
    let captions = cells.map { Text($0.caption, MontageFigure.captionFont, width: cellSide, alignment: .center) }
    let shown = min(columns, max(cells.count, 1))
    var right = margin + Double(columns) * (cellSide + gap) - gap + margin
    if cells.isEmpty { right = 2 * margin + Double(shown) * cellSide }
    if let colorBar { right += 2 * gap + colorBar.width }
    let title = title.map { Text($0, MontageFigure.titleFont, width: right - 2 * margin, alignment: .center) }
    var y = margin + (title.map { $0.size.height + gap } ?? 0)
    var tops: [Double] = []
    for row in stride(from: 0, to: cells.count, by: columns) {
      tops.append(y)
      let height = captions[row..<min(row + columns, cells.count)].map(\.size.height).max() ?? 0
      y += cellSide + (height > 0 ? MontageFigure.captionGap + height : 0) + gap
    }
    return Layout(
      title: title, captions: captions, tops: tops, left: margin, step: cellSide + gap,
      size: Size(right, y - (cells.isEmpty ? 0 : gap) + margin))
  }
}
