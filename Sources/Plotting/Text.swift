internal import CCairo
import Foundation
import Tensors

/// A size, weight and family of type.
///
/// Letters that the family lacks are taken from DejaVu Sans (Debian's `fonts-dejavu-core`), or
/// else from the system's sans-serif.
public struct Font: Hashable, Sendable {
  /// The size in points.
  public var size: Double
  /// Whether it is bold.
  public var isBold: Bool
  /// The typeface.
  public var family: String

  /// Makes a font.
  public init(_ size: Double, bold: Bool = false, family: String = "DejaVu Sans") {
    (self.size, isBold, self.family) = (size, bold, family)
  }
}

/// A piece of text, set and ready to be measured and drawn.
///
/// Lines are broken at blanks; a name that is longer than a line is broken behind its separators (`. / : ,` and `_`), never inside
/// a word, and what is still too long has an ellipsis in its middle.
public struct Text {
  /// Where lines of unequal length stand.
  public enum Alignment: Sendable {
    case leading, center, trailing
  }

  let layout: TextLayout
  /// The text with its line ends, as it is set.
  public let string: String
  /// Its font.
  public let font: Font

  /// Sets a text.
  ///
  /// - Parameters:
  ///   - string: the text, plain.
  ///   - font: its font.
  ///   - width: the length of a line in points; nil for any.
  ///   - alignment: where the lines stand.
  ///   - lines: the most lines.
  public init(
    _ string: String, _ font: Font, width: Double? = nil, alignment: Alignment = .leading, lines: Int = 8
  ) {
    // A zero byte would end the C string early; other controls have no shape.
    let plain = String(
      TextLayout.shortened(string).unicodeScalars.map { scalar -> Character in
        switch scalar {
        case "\n": "\n"
        case "\t", "\r", "\u{2028}", "\u{2029}": " "
        default: scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : Character(scalar)
        }
      })
    let set = width.map { LineBreaker(font: font, width: max($0, 1), most: max(lines, 1)).broken(plain) } ?? plain
    self.string = set
    self.font = font
    layout = TextLayout(set, font, alignment: alignment)
  }

  /// The width of the longest line and the height of all.
  public var size: Size { layout.size }

  /// Makes sure that there is a font to set text in.
  ///
  /// - Throws: `EspalierError` naming the package to install.
  public static func requireFonts() throws {
    guard !families.isEmpty else {
      throw EspalierError("no fonts are installed, so no figure can be drawn", accepted: "Debian package fonts-dejavu-core")
    }
  }

  /// The typefaces that are installed.
  public static var families: [String] {
    var families: UnsafeMutablePointer<UnsafeMutablePointer<PangoFontFamily>?>?
    var count: Int32 = 0
    pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count)
    defer { g_free(families) }
    return (0..<Int(count)).compactMap { families?[$0].map { String(cString: pango_font_family_get_name($0)) } }
  }
}

/// Breaks text into lines.
private struct LineBreaker {
  let font: Font
  let width: Double
  let most: Int

  func fits(_ text: String) -> Bool { TextLayout(text, font, alignment: .leading).size.width <= width }

  func broken(_ text: String) -> String {
    var lines: [String] = []
    // The lines that go on inside a name, behind one of its separators.
    var isContinued: Set<Int> = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if fits(String(paragraph)) {
        lines.append(String(paragraph))
        continue
      }
      var line = ""
      for word in paragraph.split(separator: " ") {
        let longer = line.isEmpty ? String(word) : line + " " + word
        if fits(longer) {
          line = longer
          continue
        }
        if !line.isEmpty { lines.append(line) }
        let parts = fits(String(word)) ? [String(word)] : pieces(of: String(word))
        isContinued.formUnion(parts.indices.dropFirst().map { lines.count + $0 })
        lines += parts.dropLast()
        line = parts.last ?? ""
      }
      lines.append(line)
    }
    guard lines.count > most else { return lines.joined(separator: "\n") }
    // The beginning and the end tell most.
    let head = lines.prefix(most - 1)
    let rest = (most - 1..<lines.count).map { ($0 == most - 1 || isContinued.contains($0) ? "" : " ") + lines[$0] }
    return (head + [elided(rest.joined())]).joined(separator: "\n")
  }

  /// A name in lines that end with separators.
  private func pieces(of name: String) -> [String] {
    var parts: [String] = [""]
    for letter in name {
      parts[parts.count - 1].append(letter)
      if "./:,_".contains(letter) { parts.append("") }
    }
    var lines: [String] = []
    for part in parts where !part.isEmpty {
      if let last = lines.last, fits(last + part) { lines[lines.count - 1] = last + part } else { lines.append(part) }
    }
    return lines.map { fits($0) ? $0 : elided($0) }
  }

  /// A text with as much of its middle left out as must be.
  private func elided(_ text: String) -> String {
    let letters = Array(text)
    func kept(_ count: Int) -> String {
      String(letters.prefix((count + 1) / 2)) + "…" + String(letters.suffix(count / 2))
    }
    var (low, high) = (0, letters.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if fits(kept(middle)) { low = middle } else { high = middle - 1 }
    }
    return kept(max(low, 0))
  }
}

/// The one owner of a Pango layout.
final class TextLayout {
  let pointer: OpaquePointer

  init(_ string: String, _ font: Font, alignment: Text.Alignment) {
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
    let description = pango_font_description_from_string("\(font.family), DejaVu Sans, sans-serif")
    defer { pango_font_description_free(description) }
    pango_font_description_set_absolute_size(description, font.size * Double(PANGO_SCALE))
    if font.isBold { pango_font_description_set_weight(description, PANGO_WEIGHT_BOLD) }
    pango_layout_set_font_description(pointer, description)
    pango_layout_set_text(pointer, string, -1)
    switch alignment {
    case .leading: pango_layout_set_alignment(pointer, PANGO_ALIGN_LEFT)
    case .center: pango_layout_set_alignment(pointer, PANGO_ALIGN_CENTER)
    case .trailing: pango_layout_set_alignment(pointer, PANGO_ALIGN_RIGHT)
    }
  }

  deinit { g_object_unref(UnsafeMutableRawPointer(pointer)) }

  /// A text that nobody could read to its end, with its middle left out: Pango takes half a minute to set 100,000 letters.
  static func shortened(_ string: String) -> String {
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

  /// The box of what is black, in the layout's own coordinates.
  var ink: Rectangle {
    var box = PangoRectangle()
    pango_layout_get_extents(pointer, &box, nil)
    let scale = Double(PANGO_SCALE)
    return Rectangle(
      x: Double(box.x) / scale, y: Double(box.y) / scale, width: Double(box.width) / scale, height: Double(box.height) / scale)
  }

  var size: Size { Size(extents.width, extents.height) }
}
