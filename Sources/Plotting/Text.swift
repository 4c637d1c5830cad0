internal import CCairo
import Tensors

/// A size and weight of the one typeface that figures are set in: DejaVu Sans (Debian's `fonts-dejavu-core`), or else the
/// system's sans-serif.
public struct Font: Hashable, Sendable {
  /// The size in points.
  public var size: Double
  /// Whether it is bold.
  public var isBold: Bool

  /// Makes a font.
  public init(_ size: Double, bold: Bool = false) { (self.size, isBold) = (size, bold) }
}

/// A piece of text, set and ready to be measured and drawn.
///
/// Lines are broken only at line ends and at a given width.
public struct Text {
  /// Where lines of unequal length stand.
  public enum Alignment: Sendable {
    case leading, center, trailing
  }

  let layout: TextLayout

  /// Sets a text.
  ///
  /// - Parameters:
  ///   - string: the text, plain.
  ///   - font: its font.
  ///   - width: where lines are broken, in points; nil for nowhere.
  ///   - alignment: where the lines stand.
  public init(_ string: String, _ font: Font, width: Double? = nil, alignment: Alignment = .leading) {
    layout = TextLayout(string, font, width: width, alignment: alignment)
  }

  /// The width of the longest line and the height of all.
  public var size: Size { layout.size }

  /// Makes sure that there is a font to set text in.
  ///
  /// - Throws: `EspalierError` naming the package to install.
  public static func requireFonts() throws {
    var families: UnsafeMutablePointer<UnsafeMutablePointer<PangoFontFamily>?>?
    var count: Int32 = 0
    pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count)
    g_free(families)
    guard count > 0 else {
      throw EspalierError("no fonts are installed, so no figure can be drawn", accepted: "Debian package fonts-dejavu-core")
    }
  }
}

/// The one owner of a Pango layout.
final class TextLayout {
  let pointer: OpaquePointer

  init(_ string: String, _ font: Font, width: Double?, alignment: Text.Alignment) {
    let context = pango_font_map_create_context(pango_cairo_font_map_get_default())
    defer { g_object_unref(UnsafeMutableRawPointer(context)) }
    // Unhinted, so that lines are equally long in PNG and PDF and at every resolution.
    let options = cairo_font_options_create()
    defer { cairo_font_options_destroy(options) }
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    pango_cairo_context_set_font_options(context, options)
    pango_context_set_round_glyph_positions(context, 0)

    pointer = pango_layout_new(context)
    let description = pango_font_description_from_string("DejaVu Sans, sans-serif")
    defer { pango_font_description_free(description) }
    pango_font_description_set_absolute_size(description, font.size * Double(PANGO_SCALE))
    if font.isBold { pango_font_description_set_weight(description, PANGO_WEIGHT_BOLD) }
    pango_layout_set_font_description(pointer, description)
    // A zero byte would end the C string early.
    pango_layout_set_text(pointer, String(TextLayout.shortened(string).map { $0 == "\0" ? "\u{FFFD}" : $0 }), -1)
    if let width {
      pango_layout_set_width(pointer, Int32(width * Double(PANGO_SCALE)))
      pango_layout_set_wrap(pointer, PANGO_WRAP_WORD_CHAR)
    }
    switch alignment {
    case .leading: pango_layout_set_alignment(pointer, PANGO_ALIGN_LEFT)
    case .center: pango_layout_set_alignment(pointer, PANGO_ALIGN_CENTER)
    case .trailing: pango_layout_set_alignment(pointer, PANGO_ALIGN_RIGHT)
    }
  }

  deinit { g_object_unref(UnsafeMutableRawPointer(pointer)) }

  /// A text that nobody could read to its end, with its middle left out: Pango takes half a minute to set 100,000 letters.
  private static func shortened(_ string: String) -> String {
    guard string.utf8.count > mostLetters else { return string }
    let letters = string.unicodeScalars
    guard letters.count > mostLetters else { return string }
    var text = String.UnicodeScalarView(letters.prefix(mostLetters / 2))
    text.append("…")
    text.append(contentsOf: letters.suffix(mostLetters / 2))
    return String(text)
  }

  private static let mostLetters = 1000

  /// The lines' box, relative to the layout's own origin.
  var extents: Rectangle {
    var box = PangoRectangle()
    pango_layout_get_extents(pointer, nil, &box)
    let scale = Double(PANGO_SCALE)
    return Rectangle(
      x: Double(box.x) / scale, y: Double(box.y) / scale, width: Double(box.width) / scale, height: Double(box.height) / scale)
  }

  var size: Size { Size(extents.width, extents.height) }
}
