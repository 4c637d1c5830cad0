import Images
import Tensors

/// Filters of a layer, each with the images that excite it most, dark where it does not fire.
public struct UnitsFigure: Figure {
  /// One filter.
  public struct Unit: Sendable {
    /// What stands over its images.
    public var caption: String
    /// What stands at the right of the caption, such as its IoU.
    public var note: String
    /// The images, best first.
    public var images: [Image]

    /// Makes a filter's strip.
    public init(_ caption: String, note: String = "", images: [Image]) {
      self.caption = caption
      self.note = note
      self.images = images
    }
  }

  /// The kind's name.
  public static let kind = "units"
  /// What the kind shows.
  public static let summary = "filters of a layer with the images that excite them most, masked"

  /// The title over the figure.
  public var title: String?
  /// The filters, row by row.
  public var units: [Unit]
  /// How many filters stand side by side.
  public var columns: Int
  /// The side of an image in points that it asks for: six pixels of 300 to an inch for each of 28.
  public var cellSide = 40.32

  private static let gap = 2.0
  private static let columnGap = 14.0
  private static let rowGap = 7.0
  private static let leastCell = 22.0

  /// Makes a figure.
  public init(title: String? = nil, units: [Unit], columns: Int = 2) {
    self.title = title
    self.units = units
    self.columns = max(1, columns)
  }

  /// An image as NetDissect shows it: a fifth of its light outside the mask.
  ///
  /// - Parameter inside: whether a pixel (row, column) of the image is in the mask.
  public static func masked(_ image: Image, inside: (Int, Int) -> Bool) -> Image {
    let colors = image.overWhite.rgb
    var elements = colors.pixels.elements
    for row in 0..<colors.height {
      for column in 0..<colors.width where !inside(row, column) {
        let start = 3 * (row * colors.width + column)
        for position in start..<start + 3 { elements[position] = UInt8((Double(elements[position]) * 0.2).rounded()) }
      }
    }
    return Image(pixels: Tensor(elements, shape: [colors.height, colors.width, 3]))
  }

  /// Strips of filters.
  public func composition(_ style: FigureStyle) -> Composition {
    let gap = Self.gap
    let most = Double(max(1, units.map(\.images.count).max() ?? 1))
    let natural = max(most * (cellSide + gap) - gap, 110)
    let width = style.contentWidth(Double(columns) * (natural + Self.columnGap) - Self.columnGap)
    func strip(_ count: Int) -> Double { (width + Self.columnGap) / Double(count) - Self.columnGap }
    let count = (1...columns).last { $0 == 1 || (strip($0) >= most * (Self.leastCell + gap) - gap && strip($0) >= 60) } ?? 1
    let own = strip(count)
    // Images that a page is too narrow for go on another line.
    let perLine = max(1, min(Int(most), Int((own + gap) / (Self.leastCell + gap))))
    let room = (own + gap) / Double(perLine) - gap
    let side = style.cell(room, pixels: units.flatMap(\.images).map { max($0.width, $0.height) }.max())
    let body = stride(from: 0, to: units.count, by: count).map { first -> Strip in
      let members = Array(units[first..<min(first + count, units.count)])
      let notes = members.map { style.text($0.note, .small, width: 0.5 * own, lines: 1) }
      let captions = zip(members, notes).map { unit, note in
        style.text(unit.caption, .heading, width: own - note.size.width - 6, lines: 2)
      }
      let tall = zip(captions, notes).map { max($0.size.height, $1.size.height) }.max() ?? 0
      let lines = members.map { ($0.images.count + perLine - 1) / perLine }.max() ?? 0
      let isLast = first + count >= units.count
      return Strip(height: tall + Double(lines) * (gap + side) + (isLast ? 0 : Self.rowGap)) { canvas, corner in
        for (column, unit) in members.enumerated() {
          let x = corner.x + Double(column) * (own + Self.columnGap)
          canvas.draw(captions[column], at: Point(x, corner.y), .topLeft)
          // Over the end of the images, where they leave some of the width.
          let images = Double(min(unit.images.count, perLine)) * (side + gap) - gap
          let end = min(own, max(images, captions[column].size.width + 6 + notes[column].size.width))
          canvas.draw(notes[column], at: Point(x + end, corner.y), .topRight, color: canvas.theme.softInk)
          for (number, image) in unit.images.enumerated() {
            let place = Rectangle(
              x: x + Double(number % perLine) * (side + gap), y: corner.y + tall + gap + Double(number / perLine) * (side + gap),
              width: side, height: side)
            canvas.draw(image, fittedIn: place)
          }
        }
      }
    }
    return Composition(width: width, body: body)
  }
}
