import Datasets
import Files
import Foundation
import Plotting
internal import TOMLKit
import Tensors

/// A style of figures, by name or as a TOML file.
///
///     base = "nature"            # a name, whose lengths are taken; left out: at most the width of a page
///     width = "85mm"             # or "3.5in", "240pt", or "column" and "page" of the base
///     height = "200mm"           # where figures go on on another page
///     font = "DejaVu Serif"
///     font-size = 8              # points at print, 6 to 24
///     line-width = 1.2           # points
///     palette = "okabe-ito"
///     theme = "dark"
///     dpi = 600
public enum StyleFile {
  static let keys = ["base", "width", "height", "font", "font-size", "line-width", "palette", "theme", "dpi"]

  /// The style of a name, or of a file whose name ends in `.toml`.
  ///
  /// - Throws: `EspalierError` naming the file and the key that is not understood.
  public static func style(_ text: String) throws -> FigureStyle {
    guard text.lowercased().hasSuffix(".toml") else { return try preset(text).style }
    return try naming(file: text) { try parsed(RegularFile.text(text, most: RegularFile.largestSettings)) }
  }

  /// A width of a figure: a length, or `column` or `page` of a preset.
  ///
  /// - Throws: `EspalierError` saying what would be accepted.
  public static func width(_ text: String, of preset: StylePreset? = nil) throws -> Double {
    let own = preset ?? StylePreset.all[0]
    switch text {
    case "column": return FigureStyle.points(millimetres: own.column)
    case "page": return FigureStyle.points(millimetres: own.page)
    default: return try length(text, location: "width", in: 30...500)
    }
  }

  /// The preset of a name.
  ///
  /// - Throws: `EspalierError` listing what there is.
  public static func preset(_ name: String) throws -> StylePreset {
    guard let preset = StylePreset.all.first(where: { $0.name == name }) else {
      throw EspalierError(
        "there is no style '\(name)'" + EspalierError.suggestion(for: name, among: StylePreset.names),
        accepted: EspalierError.list(StylePreset.names) + ", or a file ending in .toml")
    }
    return preset
  }

  private static func parsed(_ text: String) throws -> FigureStyle {
    let table = try TOMLTable.parsed(text)
    if let stranger = table.keys.sorted().first(where: { !keys.contains($0) }) {
      throw EspalierError(
        "is no setting of a style" + EspalierError.suggestion(for: stranger, among: keys), location: stranger,
        accepted: EspalierError.list(keys))
    }
    func string(_ key: String) throws -> String? {
      guard let value = table[key] else { return nil }
      guard let text = value.string else { throw EspalierError("is no text in quotes", location: key) }
      return text
    }
    func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
      guard let value = table[key] else { return nil }
      guard let number = value.double ?? value.int.map(Double.init), range.contains(number) else {
        throw EspalierError(
          "is out of range", location: key, accepted: "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))")
      }
      return number
    }
    let base = try string("base").map { name in try naming(location: "base") { try preset(name) } }
    var style = base?.style ?? FigureStyle()
    if let text = try string("width") { style.width = try width(text, of: base) }
    if let text = try string("height") { style.greatestHeight = try length(text, location: "height", in: 30...2000) }
    if let family = try string("font") {
      let known = Text.families
      guard known.contains(family) else {
        throw EspalierError(
          "'\(family)' is not installed" + EspalierError.suggestion(for: family, among: known), location: "font",
          accepted: EspalierError.list(known.sorted()))
      }
      style.fontFamily = family
    }
    style.fontSize = try number("font-size", in: FigureStyle.leastFontSize...24) ?? style.fontSize
    style.lineWidth = try number("line-width", in: 0.25...5) ?? style.lineWidth
    style.pixelsPerInch = try number("dpi", in: 36...2400) ?? style.pixelsPerInch
    if let name = try string("palette") {
      guard let palette = Palette.named(name) else {
        throw EspalierError(
          "there is no palette '\(name)'" + EspalierError.suggestion(for: name, among: Palette.names), location: "palette",
          accepted: EspalierError.list(Palette.names))
      }
      style.palette = palette
    }
    if let name = try string("theme") {
      guard let theme = Theme.named(name) else {
        throw EspalierError("is '\(name)'", location: "theme", accepted: "light, dark")
      }
      style.theme = theme
    }
    return style
  }

  /// A length in millimetres, inches or points, from so many to so many millimetres.
  private static func length(_ text: String, location: String, in range: ClosedRange<Double>) throws -> Double {
    let units = [("mm", 72 / 25.4), ("cm", 720 / 25.4), ("in", 72.0), ("pt", 1.0)]
    for (unit, points) in units where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(2)) else { break }
      let length = number * points
      guard range.contains(length * 25.4 / 72) else {
        throw EspalierError(
          "is \(text)", location: location, accepted: "\(plain(range.lowerBound))mm to \(plain(range.upperBound))mm")
      }
      return length
    }
    throw EspalierError(
      "'\(text)' is no length", location: location,
      accepted: "such as 85mm, 8.5cm, 3.5in or 240pt" + (location == "width" ? ", or column or page" : ""))
  }

  private static func plain(_ number: Double) -> String { number == number.rounded() ? "\(Int(number))" : "\(number)" }
}
