internal import CCairo
import Images
import Tensors

/// A white sheet that figures are drawn on, and what becomes of it: a PNG or a PDF file.
///
/// Lengths are points (1/72 inch), with the origin at the top left. The sheet owns its cairo surface.
public final class Canvas {
  /// The kind of file that a canvas becomes.
  public enum Format: Hashable, Sendable {
    /// Pixels, so many per inch.
    case png(pixelsPerInch: Double)
    /// Shapes and text, which stay sharp at any size.
    case pdf
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

  /// Larger images are reduced before they are drawn: no figure shows more, and cairo takes no more than 32767 pixels.
  private static let longestImageSide = 4096

  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let sink: ByteSink

  /// Makes a white sheet.
  ///
  /// - Parameters:
  ///   - size: its size in points.
  ///   - format: what it becomes.
  ///   - title: the title in a PDF file's properties.
  /// - Throws: `EspalierError` if it would be too large for cairo, or no fonts are installed.
  public init(size: Size, format: Format, title: String? = nil) throws {
    try Text.requireFonts()
    let sink = ByteSink()
    let surface: OpaquePointer?
    var scale = 1.0
    switch format {
    case .png(let pixelsPerInch):
      scale = pixelsPerInch / 72
      let width = (size.width * scale).rounded(.up)
      let height = (size.height * scale).rounded(.up)
      guard 1...32767 ~= width, 1...32767 ~= height, width * height <= Double(Image.largestPixelCount) else {
        throw EspalierError(
          "a PNG file cannot hold \(Int(size.width))×\(Int(size.height)) points at \(pixelsPerInch) pixels per inch",
          accepted: "1 to 32767 pixels in each direction, 2^28 in all: fewer rows, another resolution, or PDF")
      }
      surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    case .pdf:
      surface = cairo_pdf_surface_create_for_stream(
        { target, bytes, count in
          guard let target, let bytes else { return CAIRO_STATUS_WRITE_ERROR }
          Unmanaged<ByteSink>.fromOpaque(target).takeUnretainedValue().bytes += UnsafeBufferPointer(
            start: bytes, count: Int(count))
          return CAIRO_STATUS_SUCCESS
        }, Unmanaged.passUnretained(sink).toOpaque(), size.width, size.height)
      if let title { cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title) }
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "espalier")
      // Without the time, the same figure is the same file, byte for byte.
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "")
    }
    guard let surface, let context = cairo_create(surface), cairo_status(context) == CAIRO_STATUS_SUCCESS else {
      let problem = String(cString: cairo_status_to_string(cairo_surface_status(surface)))
      cairo_surface_destroy(surface)
      throw EspalierError("cairo could not make a sheet of \(Int(size.width))×\(Int(size.height)) points: \(problem)")
    }
    cairo_set_source_rgb(context, 1, 1, 1)
    cairo_paint(context)
    cairo_scale(context, scale, scale)
    self.size = size
    self.format = format
    self.surface = surface
    self.context = context
    self.sink = sink
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
    switch format {
    case .png: return try image().encodedPNG()
    case .pdf:
      cairo_surface_finish(surface)
      let status = cairo_surface_status(surface)
      guard status == CAIRO_STATUS_SUCCESS else {
        throw EspalierError("cairo could not finish the PDF file: \(String(cString: cairo_status_to_string(status)))")
      }
      return sink.bytes
    }
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

  /// Draws text at a point.
  ///
  /// - Parameter turned: whether it runs upwards; the anchor is then meant as it is read.
  public func draw(_ text: Text, at point: Point, _ anchor: Anchor = .topLeft, color: Color = .ink, turned: Bool = false) {
    let box = text.layout.extents
    let shares = anchor.shares
    cairo_save(context)
    cairo_translate(context, point.x, point.y)
    if turned { cairo_rotate(context, -.pi / 2) }
    use(color)
    cairo_move_to(context, -box.x - shares.x * box.width, -box.y - shares.y * box.height)
    pango_cairo_show_layout(context, text.layout.pointer)
    cairo_restore(context)
  }

  /// Draws an image as large as fits in the middle of a rectangle, its shape kept and its alpha over white.
  ///
  /// Enlarged pixels are squares with sharp edges; in a PNG file each takes the same whole number of pixels, so that the
  /// image may come out a little smaller than the rectangle.
  ///
  /// - Returns: what the image covers.
  @discardableResult
  public func draw(_ image: Image, fittedIn rectangle: Rectangle) -> Rectangle {
    var scale = min(rectangle.width / Double(image.width), rectangle.height / Double(image.height))
    // A hair above, for a rectangle that was made to measure.
    let enlargement = (scale * pixelsPerPoint + 1e-6).rounded(.down)
    if format != .pdf, enlargement >= 1 { scale = enlargement / pixelsPerPoint }
    let width = scale * Double(image.width)
    let height = scale * Double(image.height)
    var covered = Rectangle(x: rectangle.center.x - width / 2, y: rectangle.center.y - height / 2, width: width, height: height)
    if format != .pdf {
      covered.x = (covered.x * pixelsPerPoint).rounded() / pixelsPerPoint
      covered.y = (covered.y * pixelsPerPoint).rounded() / pixelsPerPoint
    }
    draw(image, filling: covered)
    return covered
  }

  /// Draws an image stretched to a rectangle, its alpha over white.
  ///
  /// - Parameter smooth: whether enlarged pixels run into one another.
  public func draw(_ image: Image, filling rectangle: Rectangle, smooth: Bool = false) {
    let longest = max(image.width, image.height)
    if longest > Canvas.longestImageSide {
      let share = Double(Canvas.longestImageSide) / Double(longest)
      let width = max(1, Int(share * Double(image.width)))
      return draw(
        image.resized(width: width, height: max(1, Int(share * Double(image.height)))), filling: rectangle,
        smooth: smooth)
    }
    let channels = image.overWhite.rgb.pixels.elements
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

    let scale = Size(rectangle.width / Double(image.width), rectangle.height / Double(image.height))
    let isEnlarged = format == .pdf || pixelsPerPoint * min(scale.width, scale.height) > 0.999
    cairo_save(context)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_clip(context)
    cairo_translate(context, rectangle.x, rectangle.y)
    cairo_scale(context, scale.width, scale.height)
    cairo_set_source_surface(context, source, 0, 0)
    let pattern = cairo_get_source(context)
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_PAD)
    cairo_pattern_set_filter(pattern, isEnlarged && !smooth ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD)
    cairo_paint(context)
    cairo_restore(context)
  }

  /// How many pixels a point has, 1 in PDF.
  private var pixelsPerPoint: Double {
    if case .png(let pixelsPerInch) = format { pixelsPerInch / 72 } else { 1 }
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
