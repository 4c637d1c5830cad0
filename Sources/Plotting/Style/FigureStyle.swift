import Tensors

/// How a figure is set: its width at print, type, lines, colours and resolution.
///
/// Everything is in points (1/72 inch) at the size of print, so a figure that is placed unscaled has text of just this size.
public struct FigureStyle: Hashable, Sendable {
  /// The width of the sheet; nil for what the figure asks for, up to ``greatestWidth``.
  public var width: Double?
  /// The width that no figure exceeds unless ``width`` says so: that of a page's text.
  public var greatestWidth = FigureStyle.points(millimetres: 178)
  /// The height at which a figure goes on on another page.
  public var greatestHeight = FigureStyle.points(millimetres: 235)
  /// The typeface; DejaVu Sans where it lacks letters.
  public var fontFamily = "DejaVu Sans"
  /// The size of labels; captions and ticks are half a point smaller, titles a point larger, and nothing is below 6.
  public var fontSize = 7.5
  /// The width of curves; axes are half of it.
  public var lineWidth = 1.1
  /// The colours of series.
  public var palette = Palette.okabeIto
  /// The colours of sheet, text and axes.
  public var theme = Theme.light
  /// The resolution of PNG files, and of images that are reduced in others.
  public var pixelsPerInch = 300.0

  /// The least size of text at print that a reader is asked to read.
  public static let leastFontSize = 6.0
  /// Around everything.
  static let margin = 4.0

  /// Makes the style that figures have unless told otherwise: at most the width of a page, light.
  public init() {}

  /// A length on paper.
  public static func points(millimetres: Double) -> Double { millimetres * 72 / 25.4 }

  /// The width of what is inside the margins of a sheet that wants a natural width.
  func contentWidth(_ natural: Double) -> Double { (width ?? min(natural + 2 * Self.margin, greatestWidth)) - 2 * Self.margin }

  /// What a text is.
  enum Role {
    case title, heading, label, small
  }

  /// The font of a text.
  func font(_ role: Role) -> Font {
    switch role {
    case .title: Font(fontSize + 1, bold: true, family: fontFamily)
    case .heading: Font(fontSize, bold: true, family: fontFamily)
    case .label: Font(fontSize, family: fontFamily)
    case .small: Font(max(Self.leastFontSize, fontSize - 0.5), family: fontFamily)
    }
  }

  /// Sets a text.
  func text(_ string: String, _ role: Role, width: Double? = nil, alignment: Text.Alignment = .leading, lines: Int = 8) -> Text {
    Text(string, font(role), width: width, alignment: alignment, lines: lines)
  }

  /// The height of a line of text.
  func lineHeight(_ role: Role) -> Double { text("0", role).size.height }
}

/// The colours of a sheet and of what is not data.
public struct Theme: Hashable, Sendable {
  /// The sheet.
  public var paper: Color
  /// Text and axes.
  public var ink: Color
  /// The labels of ticks, and second thoughts.
  public var softInk: Color
  /// Grids.
  public var hairline: Color
  /// Positions without a value.
  public var shade: Color

  /// Dark on white.
  public static let light = Theme(
    paper: Color(0xFFFFFF), ink: Color(0x1A1A1A), softInk: Color(0x555555), hairline: Color(0xDDDDDD), shade: Color(0xF0F0F0))
  /// Light on near-black, for slides.
  public static let dark = Theme(
    paper: Color(0x16181B), ink: Color(0xF0F0F0), softInk: Color(0xB4B8BD), hairline: Color(0x3B3F45), shade: Color(0x2A2D31))

  /// The theme of a name.
  public static func named(_ name: String) -> Theme? { ["light": light, "dark": dark][name] }
}
