/// The widths that journals and conferences print figures in.
public struct StylePreset: Hashable, Sendable {
  /// The name on the command line.
  public let name: String
  /// The width of a column and of a page's text, and the greatest height, in millimetres.
  public let column, page, height: Double
  /// The size of labels in points.
  public let fontSize: Double
  /// Where the lengths are published.
  public let source: String

  /// The style with the width of a column.
  public var style: FigureStyle {
    var style = FigureStyle()
    style.width = FigureStyle.points(millimetres: column)
    style.greatestWidth = FigureStyle.points(millimetres: page)
    style.greatestHeight = FigureStyle.points(millimetres: height)
    style.fontSize = fontSize
    return style
  }

  /// Every preset; `column` and `page` are the lengths that most journals come near to.
  public static let all = [
    StylePreset(name: "column", column: 85, page: 178, height: 235, fontSize: 7.5, source: "Espalier's own"),
    StylePreset(name: "page", column: 178, page: 178, height: 235, fontSize: 7.5, source: "Espalier's own"),
    StylePreset(
      name: "nature", column: 89, page: 183, height: 247, fontSize: 7,
      source: "Nature, Final submission: figures of 89 or 183 mm, 247 mm deep at most, text of 5 to 7 points"),
    StylePreset(
      name: "science", column: 57, page: 121, height: 235, fontSize: 7,
      source: "Science, Preparing figures: one column 5.7 cm, two columns 12.1 cm, text of 5 to 7 points at least"),
    StylePreset(
      name: "elsevier", column: 90, page: 190, height: 240, fontSize: 7.5,
      source: "Elsevier, Artwork sizing: single column 90 mm, double column 190 mm, 240 mm deep, text of 7 points"),
    StylePreset(
      name: "ieee", column: 88.9, page: 181.9, height: 216, fontSize: 8,
      source: "IEEE Author Center, Resolution and size: 3.5 and 7.16 inches wide, 8.5 inches deep at most"),
    StylePreset(
      name: "neurips", column: 139.7, page: 139.7, height: 228.6, fontSize: 8,
      source: "NeurIPS style file: text of 5.5 × 9 inches, one column"),
    StylePreset(
      name: "cvpr", column: 82.55, page: 174.6, height: 225.4, fontSize: 7.5,
      source: "CVPR author kit: columns of 3.25 inches, text of 6.875 × 8.875 inches"),
    StylePreset(
      name: "icml", column: 82.55, page: 171.45, height: 228.6, fontSize: 7.5,
      source: "ICML style file: columns of 3.25 inches, text of 6.75 × 9 inches"),
  ]

  /// The names, in the order in which they are listed to people.
  public static let names = all.map(\.name)
}
