import Tensors

/// A matrix in colours, with its numbers where they have room, names at its rows and over its columns, and a key to the colours.
public struct HeatMatrix: Sendable {
  /// The names of rows and columns.
  public var rows, columns: [String]
  /// What the columns are.
  public var columnTitle: String?
  /// The numbers [rows, columns]; one that is not finite is a dash on grey.
  public var values: Tensor<Double>
  /// The colours, and the values at their ends.
  public var colormap: Colormap, range: ClosedRange<Double>
  /// A number as it stands in its cell.
  public var text: @Sendable (Double) -> String
  /// What stands in the cells instead, row by row; nil for the numbers.
  public var texts: [String]?
  /// What the colours say.
  public var barTitle: String?
  /// The labels of the key; nil for ticks at round numbers.
  public var barLabels: [ColorBar.Label]?
  /// The cells that are outlined, such as the best of each column, by row and column.
  public var marked: Set<[Int]> = []
  /// The width that a cell asks for, and whether cells are as high as wide.
  public var cellWidth = 26.0, isSquare = false
  /// What stands below.
  public var note = ""

  /// Makes a matrix.
  ///
  /// - Precondition: the shape is that of the names.
  public init(
    rows: [String], columns: [String], values: Tensor<Double>, colormap: Colormap, range: ClosedRange<Double>,
    text: @escaping @Sendable (Double) -> String
  ) {
    precondition(values.shape == [rows.count, columns.count], "a matrix of \(values.shape) for \(rows.count)×\(columns.count)")
    (self.rows, self.columns, self.values, self.colormap) = (rows, columns, values, colormap)
    (self.range, self.text) = (range, text)
  }

  private static let longestName = 90.0
  private static let tallestRow = 40.0

  /// Lays it out; rows break into pages.
  public func composition(_ style: FigureStyle) -> Composition {
    var bar = barLabels.map { ColorBar(palette: colormap.palette(), labels: $0) } ?? ColorBar(colormap, range: range)
    bar.title = barTitle
    let reserve = rows.isEmpty ? 0 : Composition.barWidth(bar, style)
    let count = max(columns.count, 1)
    let line = style.lineHeight(.small)
    let measured = NamedRows(
      names: rows, content: Double(count) * cellWidth, leastContent: min(60, Double(count) * 12), reserve: reserve, style)
    // Cells never grow beyond twice what they ask for: a small matrix in a wide figure keeps its shape.
    let cell = min(measured.contentWidth / Double(count), 2 * cellWidth)
    let height = isSquare ? max(min(cell, Self.tallestRow), 3) : max(line + 3, min(0.5 * cell, 16))
    let thin = isSquare && height < line
    let every = thin ? Int((line / height).rounded(.up)) : 1
    let named = NamedRows(
      names: rows.enumerated().map { $0.offset % every == 0 ? $0.element : "" }, content: Double(count) * cellWidth,
      leastContent: min(60, Double(count) * 12), height: height, lines: height >= 2 * line ? 2 : 1, reserve: reserve, style)
    // A number is shown if every one has room.
    let texts = (0..<values.count).map { position -> Text in
      let value = values.elements[position]
      return style.text(self.texts?[position] ?? (value.isFinite ? text(value) : "–"), .small)
    }
    let showsNumbers =
      texts.count <= 4000 && height >= line - 1 && (texts.map(\.size.width).max() ?? 0) + 2 <= cell
    let header = header(named, cell, style)
    let colors = colormap
    let extent = range.upperBound - range.lowerBound
    let body = rows.indices.map { row in
      named.strip(row) { [self] canvas, box in
        for column in columns.indices {
          let value = values[row, column]
          var place = Rectangle(x: box.x + Double(column) * cell, y: box.y, width: cell, height: height)
          if cell > 5, height > 5 {
            place = Rectangle(x: place.x + 0.3, y: place.y + 0.3, width: cell - 0.6, height: height - 0.6)
          }
          var color = canvas.theme.shade
          if value.isFinite {
            let mapped = colors(extent > 0 ? (value - range.lowerBound) / extent : 0.5)
            color = Color(red: mapped.x, green: mapped.y, blue: mapped.z)
          }
          canvas.fill(place, color)
          let isMarked = marked.contains([row, column])
          if isMarked {
            // Inside the cell, where neighbours do not cover it.
            let inner = Rectangle(x: place.x + 0.8, y: place.y + 0.8, width: place.width - 1.6, height: place.height - 1.6)
            canvas.outline(inner, color.readable, width: 1)
          }
          if showsNumbers { canvas.draw(texts[row * count + column], at: place.center, .center, color: color.readable) }
        }
      }
    }
    var footer: [Strip] = []
    if !note.isEmpty {
      let text = style.text(note, .small, width: named.width, lines: 8)
      footer = [.gap(5), .text(text, width: named.width, color: style.theme.softInk)]
    }
    var composition = Composition(
      width: named.width, header: header, body: body, footer: footer, bar: rows.isEmpty || columns.isEmpty ? nil : bar)
    composition.barLeft = named.nameWidth + Double(count) * cell + 8
    return composition
  }

  private func header(_ named: NamedRows, _ cell: Double, _ style: FigureStyle) -> [Strip] {
    guard !columns.isEmpty else { return [] }
    var strips: [Strip] = []
    if let columnTitle {
      let width = named.width - named.nameWidth
      let text = style.text(columnTitle, .small, width: width, lines: 2)
      strips.append(
        Strip(height: text.size.height + 1) { canvas, corner in
          canvas.draw(text, at: Point(corner.x + named.nameWidth, corner.y), .topLeft)
        })
    }
    let line = style.lineHeight(.small)
    let every = max(1, Int((line / cell).rounded(.up)))
    let shown = columns.enumerated().map { $0.offset % every == 0 ? $0.element : "" }
    let whole = shown.map { style.text($0, .small) }
    let areTurned = !whole.allSatisfy { $0.size.width + 3 <= cell }
    let texts = areTurned ? shown.map { style.text($0, .small, width: Self.longestName, lines: 1) } : whole
    let height = (texts.map { areTurned ? $0.size.width : $0.size.height }.max() ?? 0) + 3
    strips.append(
      Strip(height: height) { canvas, corner in
        for (column, text) in texts.enumerated() where !text.string.isEmpty {
          let x = corner.x + named.nameWidth + (Double(column) + 0.5) * cell
          canvas.draw(
            text, at: Point(x, corner.y + height - 3), areTurned ? .left : .bottom, color: style.theme.softInk, turned: areTurned)
        }
      })
    return strips
  }
}
