internal import CCairo
import Images
import Tensors

/// A text on a canvas and where its ink is; what tests of layouts look at.
public struct TextBox: Hashable, Sendable {
  /// The text as it was set.
  public var text: String
  /// The smallest rectangle around its ink; nil for none, such as that of blanks.
  public var ink: Rectangle?
  /// The size of its font in points.
  public var fontSize: Double
}

/// A sheet that figures are drawn on, and what becomes of it: a PNG, a PDF or an SVG file.
///
/// Lengths are points (1/72 inch), with the origin at the top left. The sheet owns its cairo surface.
public final class Canvas {
  /// The kind of file that a canvas becomes.
  public enum Format: String, CaseIterable, Sendable {
    /// Pixels, at the style's resolution.
    case png
    /// Shapes and text, which stay sharp at any size.
    case pdf, svg

    /// The kind that a path's ending tells.
    ///
    /// - Throws: `EspalierError` for another ending.
    public init(path: String) throws {
      guard let format = Format.allCases.first(where: { path.lowercased().hasSuffix("." + $0.rawValue) }) else {
        throw EspalierError("a figure's kind of file is told by its ending", accepted: ".png, .pdf or .svg")
      }
      self = format
    }
  }

  /// Where a text stands relative to the point that it is drawn at.
  public enum Anchor: Sendable {
    case topLeft, top, topRight, left, center, right, bottomLeft, bottom, bottomRight

    /// The share of the text's width left of the point, and of its height above it.
    fileprivate var shares: (x: Double, y: Double) {
      switch self {
      case .topLeft: (0, 0)
      case .top: (0.5, 0)
      case .topRight: (1, 0)
      case .left: (0, 0.5)
      case .center: (0.5, 0.5)
      case .right: (1, 0.5)
      case .bottomLeft: (0, 1)
      case .bottom: (0.5, 1)
      case .bottomRight: (1, 1)
      }
    }
  }

  /// The sheet's size in points.
  public let size: Size
  /// The kind of file that it becomes.
  public let format: Format
  /// How it is set.
  public let style: FigureStyle
  /// Every text that was drawn, in the order of drawing.
  public private(set) var texts: [TextBox] = []

  /// Larger images are reduced before they are drawn: no figure shows more, and cairo takes no more than 32767 pixels.
  private static let longestImageSide = 4096

  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let sink: ByteSink
  private let origin: FigureOrigin

  /// The colours of the sheet.
  public var theme: Theme { style.theme }

  /// Makes an empty sheet.
  ///
  /// - Parameters:
  ///   - size: its size in points.
  ///   - format: what it becomes.
  ///   - style: its colours and resolution.
  ///   - origin: what made it, for the file's properties.
  /// - Throws: `EspalierError` if it would be too large for cairo, or no fonts are installed.
  public init(size: Size, format: Format, style: FigureStyle = FigureStyle(), origin: FigureOrigin = FigureOrigin()) throws {
    try Text.requireFonts()
    let sink = ByteSink()
    let surface: OpaquePointer?
    var scale = 1.0
    func write(_ target: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: UInt32) -> cairo_status_t {
      guard let target, let bytes else { return CAIRO_STATUS_WRITE_ERROR }
      Unmanaged<ByteSink>.fromOpaque(target).takeUnretainedValue().bytes += UnsafeBufferPointer(start: bytes, count: Int(count))
      return CAIRO_STATUS_SUCCESS
    }
    switch format {
    case .png:
      scale = style.pixelsPerInch / 72
      let width = (size.width * scale - 1e-6).rounded(.up)
      let height = (size.height * scale - 1e-6).rounded(.up)
      guard 1...32767 ~= width, 1...32767 ~= height, width * height <= Double(Image.largestPixelCount) else {
        throw EspalierError(
          "a PNG file cannot hold \(Int(size.width))×\(Int(size.height)) points at \(style.pixelsPerInch) pixels per inch",
          accepted: "1 to 32767 pixels in each direction, 2^28 in all: fewer rows, another resolution, or PDF")
      }
      surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    case .pdf:
      surface = cairo_pdf_surface_create_for_stream(write, Unmanaged.passUnretained(sink).toOpaque(), size.width, size.height)
      if let title = origin.title { cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title) }
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, origin.software)
      if let command = origin.command { cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, command) }
      if !origin.inputs.isEmpty { cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, origin.inputsText) }
      // Without the time, the same figure is the same file, byte for byte.
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "")
    case .svg:
      surface = cairo_svg_surface_create_for_stream(write, Unmanaged.passUnretained(sink).toOpaque(), size.width, size.height)
      cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT)
    }
    guard let surface, let context = cairo_create(surface), cairo_status(context) == CAIRO_STATUS_SUCCESS else {
      let problem = String(cString: cairo_status_to_string(cairo_surface_status(surface)))
      cairo_surface_destroy(surface)
      throw EspalierError("cairo could not make a sheet of \(Int(size.width))×\(Int(size.height)) points: \(problem)")
    }
    self.size = size
    self.format = format
    self.style = style
    self.origin = origin
    self.surface = surface
    self.context = context
    self.sink = sink
    use(style.theme.paper)
    cairo_paint(context)
    cairo_scale(context, scale, scale)
  }

  deinit {
    cairo_destroy(context)
    // A PDF surface writes its end into the sink when it goes, so the sink is held until here.
    cairo_surface_destroy(surface)
  }

  /// Ends the drawing and gives the file's bytes.
  ///
  /// - Throws: `EspalierError` if cairo failed on the way.
  public func finish() throws -> [UInt8] {
    guard cairo_status(context) == CAIRO_STATUS_SUCCESS else {
      throw EspalierError("cairo could not draw: \(String(cString: cairo_status_to_string(cairo_status(context))))")
    }
    if format == .png { return origin.inserted(intoPNG: try image().encodedPNG(), pixelsPerInch: style.pixelsPerInch) }
    cairo_surface_finish(surface)
    let status = cairo_surface_status(surface)
    guard status == CAIRO_STATUS_SUCCESS else {
      throw EspalierError("cairo could not finish the file: \(String(cString: cairo_status_to_string(status)))")
    }
    return format == .svg ? origin.inserted(intoSVG: sink.bytes) : sink.bytes
  }

  /// Fills a rectangle.
  public func fill(_ rectangle: Rectangle, _ color: Color) {
    use(color)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_fill(context)
  }

  /// Fills a circle.
  public func fillCircle(at center: Point, radius: Double, _ color: Color) {
    use(color)
    cairo_new_path(context)
    cairo_arc(context, center.x, center.y, radius, 0, 2 * .pi)
    cairo_fill(context)
  }

  /// Draws a rectangle's outline, centred on its sides.
  public func outline(_ rectangle: Rectangle, _ color: Color, width: Double = 0.5) {
    use(color)
    cairo_set_line_width(context, width)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_stroke(context)
  }

  /// Draws a line through points.
  public func line(_ points: [Point], _ color: Color, width: Double = 0.5, dash: [Double] = []) {
    guard points.count > 1 else { return }
    use(color)
    cairo_set_line_width(context, width)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(context, dash, Int32(dash.count), 0)
    cairo_new_path(context)
    for point in points { cairo_line_to(context, point.x, point.y) }
    cairo_stroke(context)
    cairo_set_dash(context, nil, 0, 0)
  }

  /// Fills a polygon, more or less opaque.
  public func fill(_ corners: [Point], _ color: Color, opacity: Double = 1) {
    guard corners.count > 2 else { return }
    cairo_set_source_rgba(context, color.red, color.green, color.blue, opacity)
    cairo_new_path(context)
    for corner in corners { cairo_line_to(context, corner.x, corner.y) }
    cairo_close_path(context)
    cairo_fill(context)
  }

  /// Draws a point of a series.
  ///
  /// - Parameters:
  ///   - radius: that of the circle of about its area.
  ///   - isHollow: whether only its outline is drawn, the sheet inside it.
  public func draw(_ marker: SeriesStyle.Marker, at point: Point, radius: Double, _ color: Color, isHollow: Bool = false) {
    func corners(_ shares: [(Double, Double)]) -> [Point] {
      shares.map { Point(point.x + $0.0 * radius, point.y + $0.1 * radius) }
    }
    let outline: [Point]
    switch marker {
    case .circle:
      if isHollow {
        fillCircle(at: point, radius: radius, color)
        fillCircle(at: point, radius: radius - 0.7, theme.paper)
      } else {
        fillCircle(at: point, radius: radius, color)
      }
      return
    case .square: outline = corners([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case .triangle: outline = corners([(0, -1.25), (1.15, 0.8), (-1.15, 0.8)])
    case .triangleDown: outline = corners([(0, 1.25), (1.15, -0.8), (-1.15, -0.8)])
    case .diamond: outline = corners([(0, -1.35), (1.15, 0), (0, 1.35), (-1.15, 0)])
    case .cross, .plus:
      let turn = marker == .cross ? 0.5.squareRoot() : 1
      let (a, b) = marker == .cross ? (1.3 * turn, 1.3 * turn) : (1.3, 0)
      line(corners([(-a, -b), (a, b)]), color, width: 0.9)
      line(corners([(-b, a), (b, -a)]), color, width: 0.9)
      return
    }
    fill(outline, isHollow ? theme.paper : color)
    if isHollow { line(outline + [outline[0]], color, width: 0.7) }
  }

  /// Draws only what lies in a rectangle.
  public func clipped(to rectangle: Rectangle, _ draw: () -> Void) {
    cairo_save(context)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_clip(context)
    draw()
    cairo_restore(context)
  }

  /// Draws text at a point.
  ///
  /// - Parameters:
  ///   - color: its colour; nil for the theme's ink.
  ///   - turned: whether it runs upwards; the anchor is then meant as it is read.
  public func draw(_ text: Text, at point: Point, _ anchor: Anchor = .topLeft, color: Color? = nil, turned: Bool = false) {
    let box = text.layout.extents
    let shares = anchor.shares
    let origin = Point(-box.x - shares.x * box.width, -box.y - shares.y * box.height)
    cairo_save(context)
    cairo_translate(context, point.x, point.y)
    if turned { cairo_rotate(context, -.pi / 2) }
    use(color ?? theme.ink)
    cairo_move_to(context, origin.x, origin.y)
    pango_cairo_show_layout(context, text.layout.pointer)
    cairo_restore(context)
    let ink = text.layout.ink
    let (x, y) = (origin.x + ink.x, origin.y + ink.y)
    let place =
      turned
      ? Rectangle(x: point.x + y, y: point.y - x - ink.width, width: ink.height, height: ink.width)
      : Rectangle(x: point.x + x, y: point.y + y, width: ink.width, height: ink.height)
    texts.append(
      TextBox(text: text.string, ink: ink.width > 0 && ink.height > 0 ? place : nil, fontSize: text.font.size))
  }

  /// Draws an image as large as fits in the middle of a rectangle, its shape kept.
  ///
  /// - Returns: what the image covers.
  @discardableResult
  public func draw(_ image: Image, fittedIn rectangle: Rectangle) -> Rectangle {
    let scale = min(rectangle.width / Double(image.width), rectangle.height / Double(image.height))
    let (width, height) = (scale * Double(image.width), scale * Double(image.height))
    let covered = Rectangle(
      x: rectangle.center.x - width / 2, y: rectangle.center.y - height / 2, width: width, height: height)
    draw(image, filling: covered)
    return covered
  }

  /// Draws an image stretched to a rectangle, its alpha over the paper of print, white.
  ///
  /// Every pixel is a rectangle, in every kind of file: one that is reduced is averaged over what its pixels at the style's
  /// resolution cover (``Images/Image`` `areaResized`), one that is enlarged keeps sharp edges, which a PNG file shares between
  /// two pixels where they fall between them.
  public func draw(_ image: Image, filling rectangle: Rectangle) {
    var place = rectangle
    let scale = style.pixelsPerInch / 72
    if format == .png {
      // On whole pixels of the sheet.
      place.x = (rectangle.x * scale).rounded() / scale
      place.y = (rectangle.y * scale).rounded() / scale
      place.width = max(1, (rectangle.width * scale).rounded()) / scale
      place.height = max(1, (rectangle.height * scale).rounded()) / scale
    }
    let most = Double(Canvas.longestImageSide)
    let width = Int(min(most, max(1, (place.width * scale).rounded())))
    let height = Int(min(most, max(1, (place.height * scale).rounded())))
    let isReduced = width < image.width || height < image.height
    // What shows SVG may smooth what it enlarges, so there too every pixel of the resolution is written.
    let isWhole = format != .pdf
    let shown = image.overWhite.rgb
    let pixels =
      isWhole || isReduced
      ? shown.areaResized(
        width: isWhole ? width : min(width, image.width), height: isWhole ? height : min(height, image.height))
      : shown
    paint(pixels, on: place, isSmooth: false)
  }

  /// Draws colours that run into one another, such as those of a scale.
  func drawGradient(_ image: Image, filling rectangle: Rectangle) { paint(image, on: rectangle, isSmooth: true) }

  private func paint(_ image: Image, on rectangle: Rectangle, isSmooth: Bool) {
    let channels = image.pixels.elements
    guard let source = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(image.width), Int32(image.height)),
      let pixels = cairo_image_surface_get_data(source)
    else { preconditionFailure("no memory for an image of \(image.width)×\(image.height)") }
    defer { cairo_surface_destroy(source) }
    let rowBytes = Int(cairo_image_surface_get_stride(source))
    for y in 0..<image.height {
      let row = UnsafeMutableRawPointer(pixels + y * rowBytes).assumingMemoryBound(to: UInt32.self)
      for x in 0..<image.width {
        let start = 3 * (y * image.width + x)
        row[x] = UInt32(channels[start]) << 16 | UInt32(channels[start + 1]) << 8 | UInt32(channels[start + 2])
      }
    }
    cairo_surface_mark_dirty(source)
    cairo_save(context)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_clip(context)
    cairo_translate(context, rectangle.x, rectangle.y)
    cairo_scale(context, rectangle.width / Double(image.width), rectangle.height / Double(image.height))
    cairo_set_source_surface(context, source, 0, 0)
    let pattern = cairo_get_source(context)
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_PAD)
    cairo_pattern_set_filter(pattern, isSmooth ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST)
    cairo_paint(context)
    cairo_restore(context)
  }

  private func use(_ color: Color) { cairo_set_source_rgb(context, color.red, color.green, color.blue) }

  /// The sheet's pixels.
  private func image() throws -> Image {
    cairo_surface_flush(surface)
    let width = Int(cairo_image_surface_get_width(surface))
    let height = Int(cairo_image_surface_get_height(surface))
    let rowBytes = Int(cairo_image_surface_get_stride(surface))
    guard let bytes = cairo_image_surface_get_data(surface) else { throw EspalierError("cairo lost the sheet's pixels") }
    var elements: [UInt8] = []
    elements.reserveCapacity(3 * width * height)
    for y in 0..<height {
      let row = UnsafeRawPointer(bytes + y * rowBytes).assumingMemoryBound(to: UInt32.self)
      for x in 0..<width {
        elements.append(UInt8(truncatingIfNeeded: row[x] >> 16))
        elements.append(UInt8(truncatingIfNeeded: row[x] >> 8))
        elements.append(UInt8(truncatingIfNeeded: row[x]))
      }
    }
    return Image(pixels: Tensor(elements, shape: [height, width, 3]))
  }
}

/// Where a PDF surface's bytes go.
private final class ByteSink {
  var bytes: [UInt8] = []
}
