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
  /// What stands below, such as the parameters of methods.
  public var note = ""
  /// The side of a cell in points that it asks for.
  public var cellSide = 96.0

  private static let gap = 6.0
  private static let leastCell = 52.0

  /// Makes a figure.
  ///
  /// - Parameter columns: the number of columns; nil for as many as make the grid about as wide as it is high.
  public init(title: String? = nil, cells: [Cell], columns: Int? = nil, colorBar: ColorBar? = nil) {
    self.title = title
    self.cells = cells
    self.columns = max(1, columns ?? Int(Double(cells.count).squareRoot().rounded(.up)))
    self.colorBar = colorBar
  }

  /// Strips of cells.
  public func composition(_ style: FigureStyle) -> Composition {
    let gap = Self.gap
    let bar = Composition.barWidth(colorBar, style)
    let width = style.contentWidth(Double(columns) * (cellSide + gap) - gap + bar)
    // Fewer columns where they would be too small to see anything.
    let count = max(1, min(columns, Int((width - bar + gap) / (Self.leastCell + gap))))
    let room = (width - bar + gap) / Double(count) - gap
    let pixels = cells.map { max($0.image.width, $0.image.height) }.max()
    let side = style.cell(max(8, room), pixels: pixels)
    let step = room + gap
    let body = stride(from: 0, to: cells.count, by: count).map { first -> Strip in
      let members = Array(cells[first..<min(first + count, cells.count)])
      let captions = members.map { style.text($0.caption, .small, width: room + 2, alignment: .center, lines: 4) }
      let tall = captions.map(\.size.height).max() ?? 0
      let isLast = first + count >= cells.count
      return Strip(height: side + (tall > 0 ? 2 + tall : 0) + (isLast ? 0 : gap)) { canvas, corner in
        for (column, cell) in members.enumerated() {
          let x = corner.x + Double(column) * step + (room - side) / 2
          let place = canvas.draw(cell.image, fittedIn: Rectangle(x: x, y: corner.y, width: side, height: side))
          canvas.outline(place, canvas.theme.softInk, width: 0.3)
          canvas.draw(captions[column], at: Point(x + side / 2, corner.y + side + 2), .top)
        }
      }
    }
    var footer: [Strip] = []
    if !note.isEmpty {
      let text = style.text(note, .small, width: width, lines: 12)
      footer = [.gap(4), .text(text, width: width, color: style.theme.softInk)]
    }
    return Composition(width: width, body: body, footer: footer, bar: cells.isEmpty ? nil : colorBar)
  }
}
