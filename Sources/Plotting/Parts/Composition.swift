import Tensors

/// A strip of a figure as wide as its content, drawn at its top left corner; pages are broken between strips.
public struct Strip {
  /// The height in points.
  public var height: Double
  /// Draws it.
  public var draw: (Canvas, Point) -> Void
  /// Whether the strip after it must stand on the same page.
  public var keepsWithNext = false

  /// Makes a strip.
  public init(height: Double, keepsWithNext: Bool = false, draw: @escaping (Canvas, Point) -> Void) {
    (self.height, self.keepsWithNext, self.draw) = (height, keepsWithNext, draw)
  }

  /// Blank paper.
  static func gap(_ height: Double) -> Strip { Strip(height: height) { _, _ in } }

  /// A text over the whole width.
  static func text(_ text: Text, width: Double, alignment: Text.Alignment = .leading, color: Color? = nil) -> Strip {
    Strip(height: text.size.height) { canvas, corner in
      switch alignment {
      case .leading: canvas.draw(text, at: corner, .topLeft, color: color)
      case .center: canvas.draw(text, at: Point(corner.x + width / 2, corner.y), .top, color: color)
      case .trailing: canvas.draw(text, at: Point(corner.x + width, corner.y), .topRight, color: color)
      }
    }
  }
}

/// What a figure is made of, ready to be laid on pages.
public struct Composition {
  /// The width of what is inside the margins.
  public var width: Double
  /// What stands over the body on every page, such as the titles of columns.
  public var header: [Strip]
  /// What may be broken into pages.
  public var body: [Strip]
  /// What stands under the body on every page, such as a legend.
  public var footer: [Strip]
  /// A key to colours right of the body; strips leave ``barWidth`` for it.
  public var bar: ColorBar?
  /// Where the bar stands from the left; nil for at the right.
  var barLeft: Double?

  /// Makes a composition.
  public init(width: Double, header: [Strip] = [], body: [Strip], footer: [Strip] = [], bar: ColorBar? = nil) {
    (self.width, self.header, self.body, self.footer, self.bar) = (width, header, body, footer, bar)
  }

  /// What a colour bar takes of the width, its gap included.
  static func barWidth(_ bar: ColorBar?, _ style: FigureStyle) -> Double { bar.map { $0.width(style) + 8 } ?? 0 }
  /// A bar along many rows would be a strip: so much is enough to read it by.
  private static let tallestBar = 150.0
}

/// A page of a figure.
public struct Page {
  /// Its size in points.
  public let size: Size
  fileprivate let strips: [(strip: Strip, y: Double)]
  fileprivate let bar: (bar: ColorBar, place: Rectangle)?

  /// Draws it on a canvas of its size.
  public func draw(on canvas: Canvas) {
    for (strip, y) in strips { strip.draw(canvas, Point(FigureStyle.margin, y)) }
    if let bar { bar.bar.draw(on: canvas, in: bar.place) }
  }
}

extension Composition {
  /// The pages, of which none is higher than the style allows, unless a single strip is.
  ///
  /// - Parameters:
  ///   - title: what stands over the first page.
  func pages(title: String?, _ style: FigureStyle) -> [Page] {
    let titleText = title.map { style.text($0, .title, width: width, alignment: .center, lines: 4) }
    func height(_ strips: [Strip]) -> Double { strips.reduce(0) { $0 + $1.height } }
    let fixed = height(header) + height(footer) + 2 * FigureStyle.margin
    var pages: [[Strip]] = [[]]
    var room = style.greatestHeight - fixed - (titleText.map { $0.size.height + 5 } ?? 0)
    var position = 0
    while position < body.count {
      // Strips that stay together are one.
      var end = position
      while end < body.count - 1, body[end].keepsWithNext { end += 1 }
      let group = Array(body[position...end])
      if height(group) > room + 0.01, !pages[pages.count - 1].isEmpty {
        pages.append([])
        room = style.greatestHeight - fixed
      }
      pages[pages.count - 1] += group
      room -= height(group)
      position = end + 1
    }
    return pages.enumerated().map { number, strips in
      var all: [Strip] = []
      if number == 0, let titleText {
        all = [.text(titleText, width: width, alignment: .center), .gap(5)]
      }
      all += header
      var y = FigureStyle.margin
      var placed: [(Strip, Double)] = []
      func place(_ strips: [Strip]) {
        for strip in strips {
          placed.append((strip, y))
          y += strip.height
        }
      }
      place(all)
      let top = y
      place(strips)
      let bottom = y
      var bar: (ColorBar, Rectangle)?
      if let own = self.bar, !strips.isEmpty {
        // Its title runs along it, and is not cut.
        let words = own.title.map { style.text($0, .small).size.width } ?? 0
        let least = min(max(44, words + 1), style.greatestHeight / 3)
        let barHeight = max(least, min(bottom - top, Composition.tallestBar))
        let start = max(top, (top + bottom - barHeight) / 2)
        let wide = own.width(style)
        bar = (own, Rectangle(x: FigureStyle.margin + (barLeft ?? width - wide), y: start, width: wide, height: barHeight))
        y = max(y, start + barHeight)
      }
      place(footer)
      return Page(size: Size(width + 2 * FigureStyle.margin, y + FigureStyle.margin), strips: placed, bar: bar)
    }
  }
}
