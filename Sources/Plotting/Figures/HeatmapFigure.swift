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
    /// The lines over images, by their places in the row: those of positive relevance in one colour, of negative in another.
    public var contours: [Int: [Contour]]

    /// Makes a row.
    public init(_ caption: String, _ images: [Image], contours: [Int: [Contour]] = [:]) {
      (self.caption, self.images, self.contours) = (caption, images, contours)
    }
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
  /// What stands below.
  public var note = ""
  /// The side of a cell in points.
  public var cellSide = 72.0

  private static let gap = 4.0
  private static let longestCaption = 110.0
  /// Cells that would be smaller go on a line of their own.
  private static let leastCell = 24.0
  /// Rows stand side by side where their cells stay at least so large.
  private static let leastStackedCell = 38.0

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

  /// Strips of cells; many rows of few images stand side by side where a page has room.
  public func composition(_ style: FigureStyle) -> Composition {
    let layout = Layout(self, style)
    var body: [Strip] = []
    for first in stride(from: 0, to: rows.count, by: layout.stacks) {
      let members = Array(first..<min(first + layout.stacks, rows.count))
      let lines = max(1, members.map { (rows[$0].images.count + layout.perLine - 1) / layout.perLine }.max() ?? 1)
      for line in 0..<lines {
        let captions = members.map { line == 0 ? layout.captions[$0] : nil }
        let height = max(layout.cell, captions.compactMap { $0?.size.height }.max() ?? 0)
        let isLast = line == lines - 1 && members.last == rows.count - 1
        body.append(
          Strip(height: height + (isLast ? 0 : Self.gap)) { [self] canvas, corner in
            for (stack, row) in members.enumerated() {
              let left = corner.x + Double(stack) * layout.stackStep
              if let caption = captions[stack] {
                canvas.draw(
                  caption, at: Point(left + layout.captionWidth, corner.y + height / 2), .right)
              }
              let images = rows[row].images.dropFirst(line * layout.perLine).prefix(layout.perLine)
              for (column, image) in images.enumerated() {
                let place = draw(
                  image, like: rows[row].images[0],
                  in: Rectangle(
                    x: left + layout.imagesLeft + Double(column) * (layout.cell + Self.gap),
                    y: corner.y + (height - layout.cell) / 2, width: layout.cell, height: layout.cell), on: canvas)
                draw(rows[row].contours[line * layout.perLine + column] ?? [], in: place, on: canvas)
              }
            }
          })
      }
    }
    var footer: [Strip] = []
    if !note.isEmpty {
      let text = style.text(note, .small, width: layout.width, lines: 12)
      footer = [.gap(4), .text(text, width: layout.width, color: style.theme.softInk)]
    }
    return Composition(
      width: layout.width, header: header(layout, style), body: body, footer: footer, bar: rows.isEmpty ? nil : colorBar)
  }

  private func header(_ layout: Layout, _ style: FigureStyle) -> [Strip] {
    func texts(_ role: FigureStyle.Role) -> [Text] {
      columnTitles.map {
        style.text($0, role, width: layout.cell + (layout.perLine > 1 ? Self.gap - 1 : 60), alignment: .center, lines: 2)
      }
    }
    let bold = texts(.heading)
    let areWhole = zip(columnTitles, bold).allSatisfy { !$1.string.contains("…") || $0.contains("…") }
    let texts = areWhole ? bold : texts(.small)
    guard !texts.isEmpty, layout.perLine >= texts.count else { return [] }
    let height = (texts.map(\.size.height).max() ?? 0) + 3
    return [
      Strip(height: height) { canvas, corner in
        for stack in 0..<layout.stacks {
          for (column, text) in texts.enumerated() {
            let x = layout.imagesLeft + Double(stack) * layout.stackStep + Double(column) * (layout.cell + Self.gap)
            canvas.draw(text, at: Point(corner.x + x + layout.cell / 2, corner.y + height - 3), .bottom)
          }
        }
      }
    ]
  }

  /// The colours of lines of positive and negative relevance: Okabe and Ito's vermilion and blue, seen on black and on white.
  private static let lineColors = (positive: Color(0xD55E00), negative: Color(0x2A82C6))

  private func draw(_ contours: [Contour], in place: Rectangle, on canvas: Canvas) {
    func point(_ share: Point) -> Point { Point(place.x + share.x * place.width, place.y + share.y * place.height) }
    for contour in contours {
      let color = contour.share > 0 ? Self.lineColors.positive : Self.lineColors.negative
      for piece in contour.pieces { canvas.line([point(piece.start), point(piece.end)], color, width: 0.7) }
    }
  }

  /// Draws an image in a cell, and returns what it covers.
  private func draw(_ image: Image, like first: Image, in cell: Rectangle, on canvas: Canvas) -> Rectangle {
    // A coarser heat map covers exactly what its image does.
    let isAlike = image.width * first.height == image.height * first.width
    let shape = isAlike ? first : image
    let scale = min(cell.width / Double(shape.width), cell.height / Double(shape.height))
    let (width, height) = (scale * Double(shape.width), scale * Double(shape.height))
    let covered = Rectangle(x: cell.center.x - width / 2, y: cell.center.y - height / 2, width: width, height: height)
    canvas.draw(image, filling: covered)
    canvas.outline(covered, canvas.theme.softInk, width: 0.3)
    return covered
  }

  /// Where everything goes; made from measured text, so that no label is cut off.
  private struct Layout {
    var captions: [Text]
    var width, captionWidth, imagesLeft, cell, stackStep: Double
    /// The rows side by side, and the images of a row on one line.
    var stacks, perLine: Int

    init(_ figure: HeatmapFigure, _ style: FigureStyle) {
      let gap = HeatmapFigure.gap
      let bar = Composition.barWidth(figure.colorBar, style)
      let columns = max(figure.columnTitles.count, figure.rows.map(\.images.count).max() ?? 0, 1)
      func captions(_ width: Double) -> [Text] {
        figure.rows.map { style.text($0.caption, .small, width: width, alignment: .trailing, lines: 5) }
      }
      let longest = captions(HeatmapFigure.longestCaption).map(\.size.width).max() ?? 0
      let natural = longest + (longest > 0 ? gap : 0) + Double(columns) * (figure.cellSide + gap) - gap + bar
      let rowHeight = figure.cellSide + gap
      // What is higher than a page takes its width.
      let isTall = Double(figure.rows.count) * rowHeight > style.greatestHeight - 50
      let width = style.contentWidth(isTall ? style.greatestWidth : natural)
      let stackGap = 14.0
      func cell(_ stacks: Int) -> Double {
        let own = (width - bar - Double(stacks - 1) * stackGap) / Double(stacks)
        let caption = min(longest, 0.3 * own)
        return (own - caption - (caption > 0 ? gap : 0) - Double(columns - 1) * gap) / Double(columns)
      }
      let most = max(1, min(4, figure.rows.count / 2))
      let needsStacks = isTall || style.width != nil
      var stacks =
        needsStacks ? (1...most).last { $0 == 1 || cell($0) >= HeatmapFigure.leastStackedCell } ?? 1 : 1
      // Rows that already fit a page at their size stay below each other.
      if Double(figure.rows.count) * (cell(1) + gap) <= 0.5 * style.greatestHeight { stacks = 1 }
      let own = (width - bar - Double(stacks - 1) * stackGap) / Double(stacks)
      let captionWidth = min(longest, 0.3 * own)
      self.captions = captionWidth < longest ? captions(captionWidth) : captions(HeatmapFigure.longestCaption)
      let imagesLeft = captionWidth + (captionWidth > 0 ? gap : 0)
      var side = cell(stacks)
      var perLine = columns
      if side < HeatmapFigure.leastCell {
        let room = own - imagesLeft
        perLine = max(1, Int((room + gap) / (HeatmapFigure.leastCell + gap)))
        // Images stay beside their maps.
        if perLine > 1, columns % 2 == 0 { perLine -= perLine % 2 }
        perLine = min(perLine, columns)
        side = (room - Double(perLine - 1) * gap) / Double(perLine)
      }
      self.cell = style.cell(max(4, side), pixels: figure.rows.flatMap(\.images).map { max($0.width, $0.height) }.max())
      (self.captionWidth, self.imagesLeft, self.stacks, self.perLine) = (captionWidth, imagesLeft, stacks, perLine)
      stackStep = style.width == nil ? imagesLeft + Double(perLine) * (self.cell + gap) - gap + stackGap : own + stackGap
      // Cells at whole multiples of pixels leave paper over: the sheet is only as wide as it must be unless a width was asked for.
      self.width = style.width == nil ? stackStep * Double(stacks) - stackGap + bar : width
    }
  }
}

extension FigureStyle {
  /// The side of a cell for images of so many pixels: a whole multiple of them at the style's resolution, where that costs at
  /// most a tenth of it.
  func cell(_ side: Double, pixels: Int?) -> Double {
    guard let pixels, pixels > 0 else { return side }
    let scale = pixelsPerInch / 72
    let dots = (side * scale + 1e-6).rounded(.down)
    let whole = (dots / Double(pixels)).rounded(.down) * Double(pixels)
    return (whole >= 0.9 * dots ? whole : dots) / scale
  }
}
