/// Rows with a name left, a content in the middle and a note right: what layers of a network are shown in.
struct NamedRows {
  /// The names and notes, measured.
  let names, notes: [Text]
  /// The heights of the rows.
  let heights: [Double]
  /// The width of all, of the names, and of the content.
  let width, nameWidth, contentWidth: Double

  private static let gap = 5.0

  /// Measures.
  ///
  /// - Parameters:
  ///   - content: the width that the content asks for; it gets more or less where the style has a width.
  ///   - leastContent: what names and notes give way to.
  ///   - grows: whether the content takes what is left of the width.
  ///   - height: the height of a row; nil for that of its text.
  ///   - lines: the most lines of a name or note.
  ///   - reserve: what stands right of the notes.
  init(
    names: [String], notes: [String] = [], content: Double, leastContent: Double = 40, grows: Bool = true, height: Double? = nil,
    lines: Int = 2, reserve: Double = 0, _ style: FigureStyle
  ) {
    let natural = names.map { style.text($0, .small) }
    let widest = natural.map(\.size.width).max() ?? 0
    let wideNotes = notes.map { style.text($0, .small) }
    let notesWidest = wideNotes.map(\.size.width).max() ?? 0
    let gaps = (widest > 0 ? Self.gap : 0) + (notesWidest > 0 ? Self.gap : 0)
    let width = style.contentWidth(widest + notesWidest + gaps + content + reserve)
    // Names and notes share what the content leaves at least, names first.
    let room = max(40, width - reserve - gaps - leastContent)
    let nameWidth = min(widest, max(0.5 * room, room - notesWidest))
    let noteWidth = min(notesWidest, max(0, room - nameWidth))
    self.names =
      nameWidth < widest
      ? names.map { style.text($0, .small, width: nameWidth, alignment: .trailing, lines: lines) } : natural
    self.notes = noteWidth < notesWidest ? notes.map { style.text($0, .small, width: noteWidth, lines: lines) } : wideNotes
    self.nameWidth = nameWidth + (widest > 0 ? Self.gap : 0)
    self.width = width
    let left = max(10, width - reserve - gaps - nameWidth - noteWidth)
    contentWidth = grows ? left : min(left, content)
    let texts = (self.names, self.notes)
    heights = names.indices.map { row in
      height ?? max(texts.0[row].size.height, row < texts.1.count ? texts.1[row].size.height : 0, style.lineHeight(.small)) + 2.5
    }
  }

  /// A row.
  ///
  /// - Parameter content: draws what is between name and note.
  func strip(_ row: Int, note: Color? = nil, content: @escaping (Canvas, Rectangle) -> Void) -> Strip {
    let height = heights[row]
    return Strip(height: height) { [self] canvas, corner in
      let middle = corner.y + height / 2
      canvas.draw(names[row], at: Point(corner.x + nameWidth - Self.gap, middle), .right)
      let box = Rectangle(x: corner.x + nameWidth, y: corner.y, width: contentWidth, height: height)
      content(canvas, box)
      if row < notes.count { canvas.draw(notes[row], at: Point(box.right + Self.gap, middle), .left, color: note) }
    }
  }
}
