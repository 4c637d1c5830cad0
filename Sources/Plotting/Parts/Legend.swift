/// The key to the marks of a figure: what each name looks like.
struct Legend {
  /// A name with its mark.
  struct Entry {
    var mark: any Mark
    var style: SeriesStyle
  }

  let entries: [Entry]

  private static let keyWidth = 15.0
  private static let keyGap = 4.0
  private static let entryGap = 10.0

  /// The legend of marks, each name once, in their order.
  init(_ marks: [any Mark], _ styles: [SeriesStyle]) {
    var seen: Set<String> = []
    entries = marks.filter { !$0.name.isEmpty && seen.insert("\($0.series) \($0.name)").inserted }
      .map { Entry(mark: $0, style: styles[$0.series % styles.count]) }
  }

  /// The entries below each other in a box.
  struct Box {
    var size: Size
    var texts: [Text]
  }

  /// The box for the inside of axes; nil where it would take too much of them.
  func box(in frame: Rectangle, _ style: FigureStyle) -> Box? {
    let texts = entries.map { style.text($0.mark.name, .small, width: 0.45 * frame.width, lines: 2) }
    let width = Self.keyWidth + Self.keyGap + (texts.map(\.size.width).max() ?? 0)
    let height = texts.reduce(0) { $0 + $1.size.height }
    guard !entries.isEmpty, width <= 0.6 * frame.width, height <= 0.5 * frame.height else { return nil }
    return Box(size: Size(width, height), texts: texts)
  }

  /// A place for a box among the corners and sides of a frame, clear of all obstacles; nil for none.
  static func place(_ size: Size, in frame: Rectangle, clearOf obstacles: [Point]) -> Rectangle? {
    let inset = 5.0
    let xs = [frame.right - inset - size.width, frame.x + inset, frame.center.x - size.width / 2]
    let ys = [frame.y + inset, frame.bottom - inset - size.height, frame.center.y - size.height / 2]
    for y in ys {
      for x in xs {
        let box = Rectangle(x: x, y: y, width: size.width, height: size.height)
        let isClear = obstacles.allSatisfy {
          !(box.x - 5...box.right + 5 ~= $0.x && box.y - 5...box.bottom + 5 ~= $0.y)
        }
        if isClear { return box }
      }
    }
    return nil
  }

  /// Draws a box.
  func draw(_ box: Box, at corner: Point, on canvas: Canvas) {
    var y = corner.y
    for (entry, text) in zip(entries, box.texts) {
      drawKey(entry, at: Point(corner.x, y + text.size.height / 2), on: canvas)
      canvas.draw(text, at: Point(corner.x + Self.keyWidth + Self.keyGap, y), .topLeft)
      y += text.size.height
    }
  }

  private func drawKey(_ entry: Entry, at middle: Point, on canvas: Canvas) {
    let height = 0.8 * canvas.style.lineHeight(.small)
    entry.mark.drawKey(
      on: canvas, in: Rectangle(x: middle.x, y: middle.y - height / 2, width: Self.keyWidth, height: height), entry.style)
  }

  /// The entries in rows that fit a width, to stand under panels.
  func strips(width: Double, _ style: FigureStyle) -> [Strip] {
    var rows: [[(entry: Entry, text: Text, width: Double)]] = []
    var used = Double.infinity
    for entry in entries {
      let text = style.text(entry.mark.name, .small, width: width - Self.keyWidth - Self.keyGap, lines: 2)
      let own = Self.keyWidth + Self.keyGap + text.size.width
      if used + Self.entryGap + own > width {
        rows.append([])
        used = -Self.entryGap
      }
      rows[rows.count - 1].append((entry, text, own))
      used += Self.entryGap + own
    }
    return rows.map { row in
      let height = row.map(\.text.size.height).max() ?? 0
      let length = row.reduce(-Self.entryGap) { $0 + $1.width + Self.entryGap }
      return Strip(height: height + 1) { canvas, corner in
        var x = corner.x + (width - length) / 2
        for part in row {
          drawKey(part.entry, at: Point(x, corner.y + height / 2), on: canvas)
          canvas.draw(part.text, at: Point(x + Self.keyWidth + Self.keyGap, corner.y + height / 2), .left)
          x += part.width + Self.entryGap
        }
      }
    }
  }
}
