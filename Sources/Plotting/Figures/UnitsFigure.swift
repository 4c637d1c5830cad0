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
  /// The side of an image in points: six pixels of 300 to an inch for each of 28.
  public var cellSide = 40.32

  private static let margin = 6.0
  private static let gap = 2.0
  private static let columnGap = 14.0
  private static let rowGap = 7.0
  private static let captionFont = Font(7.5, bold: true)
  private static let noteFont = Font(7.5)
  private static let titleFont = Font(10, bold: true)

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

  /// The size in points that titles, captions and images need.
  public var size: Size { layout.size }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let layout = layout
    if let title = layout.title { canvas.draw(title, at: Point(layout.size.width / 2, UnitsFigure.margin), .top) }
    for (position, unit) in units.enumerated() {
      let x = UnitsFigure.margin + Double(position % columns) * (layout.stripWidth + UnitsFigure.columnGap)
      let y = layout.tops[position / columns]
      canvas.draw(layout.captions[position], at: Point(x, y))
      canvas.draw(layout.notes[position], at: Point(x + layout.stripWidth, y), .topRight, color: .softInk)
      for (number, image) in unit.images.enumerated() {
        let cell = Rectangle(
          x: x + Double(number) * (cellSide + UnitsFigure.gap),
          y: y + layout.captionHeights[position / columns] + UnitsFigure.gap,
          width: cellSide, height: cellSide)
        canvas.draw(image, fittedIn: cell)
      }
    }
  }

  private struct Layout {
    var title: Text?
    var captions, notes: [Text]
    var stripWidth: Double
    /// The top and the captions' height of each row.
    var tops, captionHeights: [Double]
    var size: Size
  }

  private var layout: Layout {
    let (margin, gap) = (UnitsFigure.margin, UnitsFigure.gap)
    let notes = units.map { Text($0.note, UnitsFigure.noteFont) }
    let noteWidth = notes.map(\.size.width).max() ?? 0
    let most = units.map(\.images.count).max() ?? 0
    let stripWidth = max(Double(most) * (cellSide + gap) - gap, noteWidth + 70)
    let captions = units.map { Text($0.caption, UnitsFigure.captionFont, width: stripWidth - noteWidth - 6) }
    let width = 2 * margin + Double(columns) * (stripWidth + UnitsFigure.columnGap) - UnitsFigure.columnGap
    let title = title.map { Text($0, UnitsFigure.titleFont, width: width - 2 * margin, alignment: .center) }
    var y = margin + (title.map { $0.size.height + UnitsFigure.rowGap } ?? 0)
    var (tops, heights): ([Double], [Double]) = ([], [])
    for row in stride(from: 0, to: units.count, by: columns) {
      let positions = row..<min(row + columns, units.count)
      let height = positions.map { max(captions[$0].size.height, notes[$0].size.height) }.max() ?? 0
      tops.append(y)
      heights.append(height)
      y += height + (positions.contains { !units[$0].images.isEmpty } ? gap + cellSide : 0) + UnitsFigure.rowGap
    }
    return Layout(
      title: title, captions: captions, notes: notes, stripWidth: stripWidth, tops: tops, captionHeights: heights,
      size: Size(width, y - (units.isEmpty ? 0 : UnitsFigure.rowGap) + margin))
  }
}
