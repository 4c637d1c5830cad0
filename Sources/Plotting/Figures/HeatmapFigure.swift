import Images
import Tensors

/// Images and their heat maps in rows and columns, with captions and a key to the colours.
public struct HeatmapFigure: Figure {
  /// One row: a caption on its left and images, the first under the first column's title.
  public struct Row: Sendable {
    /// The caption, broken into lines where it is long.
    public var caption: String
    /// The images; enlarged or reduced to the cells.
    public var images: [Image]

    /// Makes a row.
    public init(_ caption: String, _ images: [Image]) { (self.caption, self.images) = (caption, images) }
  }

  /// The kind's name.
  public static let kind = "heatmap"
  /// What the kind shows.
  public static let summary = "images beside their relevance, with captions and a colour bar"

  /// The title over the figure.
  public var title: String?
  /// The titles over the columns.
  public var columnTitles: [String]
  /// The rows, from the top.
  public var rows: [Row]
  /// The key to the colours, at the right.
  public var colorBar: ColorBar?
  /// The side of a cell in points.
  public var cellSide = 72.0

  private static let margin = 6.0
  private static let gap = 4.0
  private static let longestCaption = 110.0
  private static let captionFont = Font(8)
  private static let columnFont = Font(8, bold: true)
  private static let titleFont = Font(10, bold: true)

  /// Makes a figure of rows that are ready.
  public init(title: String? = nil, columnTitles: [String], rows: [Row], colorBar: ColorBar? = nil) {
    self.title = title
    self.columnTitles = columnTitles
    self.rows = rows
    self.colorBar = colorBar
  }

  /// Makes a figure with the columns image, relevance, overlay; each heat map is on its own scale.
  ///
  /// - Parameter samples: a caption, an image and its relevance ([C, H, W] or [H, W]) for every row.
  /// - Throws: `EspalierError` naming the caption if relevance has the wrong shape.
  public init(
    title: String? = nil, samples: [(caption: String, image: Image, relevance: Tensor<Float>)],
    norm: RelevanceNorm = .symmetric, colormap: Colormap = .coldnhot, level: Double = 1
  ) throws {
    let rows = try samples.map { sample in
      let heatmap = try naming(location: sample.caption) {
        try Heatmap(sample.relevance, norm: norm, colormap: colormap, level: level)
      }
      return Row(sample.caption, [sample.image, heatmap.image.rgb, heatmap.overlay(on: sample.image)])
    }
    self.init(
      title: title, columnTitles: ["Image", "Relevance", "Overlay"], rows: rows,
      colorBar: ColorBar(norm: norm, colormap: colormap, level: level))
  }

  /// The size in points that titles, cells and captions need.
  public var size: Size { layout.size }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let layout = layout
    if let title = layout.title { canvas.draw(title, at: Point(layout.size.width / 2, HeatmapFigure.margin), .top) }
    for (column, text) in layout.columns.enumerated() {
      canvas.draw(text, at: Point(layout.x(column) + layout.columnWidth / 2, layout.top - 3), .bottom)
    }
    for (index, row) in rows.enumerated() {
      let y = layout.top + Double(index) * (layout.rowHeight + HeatmapFigure.gap)
      let middle = y + layout.rowHeight / 2
      canvas.draw(layout.captions[index], at: Point(layout.left - HeatmapFigure.gap, middle), .right)
      var first: Rectangle?
      for (column, image) in row.images.enumerated() {
        let center = layout.x(column) + layout.columnWidth / 2
        let cell = Rectangle(x: center - cellSide / 2, y: middle - cellSide / 2, width: cellSide, height: cellSide)
        var covered = cell
        if let first, isAlike(image, row.images[0]) {
          // A coarser heat map covers exactly what its image does.
          covered.x = first.x + layout.x(column) - layout.x(0)
          (covered.y, covered.width, covered.height) = (first.y, first.width, first.height)
          canvas.draw(image, filling: covered)
        } else {
          covered = canvas.draw(image, fittedIn: cell)
        }
        canvas.outline(covered, .softInk, width: 0.3)
        first = first ?? covered
      }
    }
    if let colorBar, !rows.isEmpty {
      let x = layout.x(layout.columnCount) + HeatmapFigure.gap
      // One bar along many rows would be a strip: three rows' height is enough to read it by.
      let height = min(layout.bottom - layout.top, 3 * cellSide)
      let middle = (layout.top + layout.bottom) / 2
      colorBar.draw(on: canvas, in: Rectangle(x: x, y: middle - height / 2, width: colorBar.width, height: height))
    }
  }

  /// Whether two images have sides in one proportion.
  private func isAlike(_ a: Image, _ b: Image) -> Bool { a.width * b.height == a.height * b.width }

  /// Where everything goes; made from measured text, so that no label is cut off.
  private struct Layout {
    var title: Text?
    var columns: [Text]
    var captions: [Text]
    var columnCount: Int
    var columnWidth, rowHeight: Double
    /// The left and the top of the first cell, and the bottom of the last.
    var left, top, bottom: Double
    var size: Size

    func x(_ column: Int) -> Double { left + Double(column) * (columnWidth + HeatmapFigure.gap) }
  }

  private var layout: Layout {
    let gap = HeatmapFigure.gap
    let margin = HeatmapFigure.margin
    let columnCount = max(columnTitles.count, rows.map(\.images.count).max() ?? 0)
    let columns = columnTitles.map { Text($0, HeatmapFigure.columnFont, width: 1.5 * cellSide, alignment: .center) }
    let captions = rows.map {
      Text($0.caption, HeatmapFigure.captionFont, width: HeatmapFigure.longestCaption, alignment: .trailing)
    }
    let columnWidth = max(cellSide, columns.map(\.size.width).max() ?? 0)
    let rowHeight = max(cellSide, captions.map(\.size.height).max() ?? 0)
    let captionWidth = captions.map(\.size.width).max() ?? 0

    let left = margin + (captionWidth > 0 ? captionWidth + gap : 0)
    var right = left + Double(columnCount) * (columnWidth + gap) - (columnCount > 0 ? gap : 0) + margin
    if let colorBar { right += 2 * gap + colorBar.width }
    let title = title.map { Text($0, HeatmapFigure.titleFont, width: right - 2 * margin, alignment: .center) }
    let titleHeight = title.map { $0.size.height + gap } ?? 0
    let headerHeight = columns.map { $0.size.height + 3 }.max() ?? 0
    let top = margin + titleHeight + headerHeight
    let bottom = top + Double(rows.count) * (rowHeight + gap) - (rows.isEmpty ? 0 : gap)
    return Layout(
      title: title, columns: columns, captions: captions, columnCount: columnCount, columnWidth: columnWidth,
      rowHeight: rowHeight, left: left, top: top, bottom: bottom, size: Size(right, bottom + margin))
  }
}
