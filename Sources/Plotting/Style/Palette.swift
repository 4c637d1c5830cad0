/// The colours of series, in the order in which they are taken.
public struct Palette: Hashable, Sendable {
  /// The name.
  public let name: String
  /// The colours on a light and on a dark sheet.
  public let light, dark: [Color]

  init(_ name: String, _ light: [Int], dark: [Int]? = nil) {
    self.name = name
    self.light = light.map(Color.init)
    self.dark = (dark ?? light).map(Color.init)
  }

  /// The palette that figures have unless told otherwise.
  ///
  /// Source: M. Okabe, K. Ito, "Color universal design", 2008, in an order whose first two differ most in grey, and without yellow,
  /// which is lost on white; black is white on a dark sheet.
  public static let okabeIto = Palette(
    "okabe-ito", [0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7, 0x000000, 0x56B4E9, 0xD55E00],
    dark: [0x2A82C6, 0xE69F00, 0x009E73, 0xCC79A7, 0xFFFFFF, 0x56B4E9, 0xD55E00])

  /// Every palette.
  public static let all = [
    okabeIto,
    // P. Tol, "Colour schemes", SRON/EPS/TN/09-002, 2021: high contrast, apart in grey as well.
    Palette("high-contrast", [0x004488, 0xDDAA33, 0xBB5566], dark: [0x6699CC, 0xEECC66, 0xEE99AA]),
    // The same: muted, for many series; its colours in an order of its own.
    Palette(
      "muted", [0x332288, 0xDDCC77, 0x117733, 0x88CCEE, 0x882255, 0x44AA99, 0xCC6677],
      dark: [
        0x8C7AE6, 0xDDCC77, 0x2FAE5B, 0x88CCEE, 0xD45C96, 0x44AA99, 0xCC6677,
      ]),
    // Five steps of lightness, for print without colours.
    Palette(
      "grey", [0x000000, 0x9A9A9A, 0x4D4D4D, 0xBFBFBF, 0x747474], dark: [0xFFFFFF, 0x8A8A8A, 0xCFCFCF, 0x6A6A6A, 0xADADAD]),
  ]

  /// The names, in the order in which they are listed to people.
  public static let names = all.map(\.name)

  /// The palette of a name.
  public static func named(_ name: String) -> Palette? { all.first { $0.name == name } }
}

/// How a series is told from others: colour, and dashes and a marker where colours come near in grey.
public struct SeriesStyle: Hashable, Sendable {
  /// The colour.
  public var color: Color
  /// The dashes of its line, in points; none for a whole line.
  public var dash: [Double]
  /// The shape of its points.
  public var marker: Marker

  /// The shapes of points.
  public enum Marker: CaseIterable, Sendable {
    case circle, square, triangle, diamond, triangleDown, cross, plus
  }

  static let dashes: [[Double]] = [[], [4, 2], [1.2, 1.6], [6, 1.6, 1.2, 1.6], [8, 2.5]]
  /// Two lines of one dash are at least this far apart in grey, in CIE L*.
  static let leastLightnessGap = 15.0
}

extension FigureStyle {
  /// The styles of so many series: each takes the first dash in which no earlier series comes near it in grey.
  public func series(_ count: Int) -> [SeriesStyle] {
    let colors = theme == .dark ? palette.dark : palette.light
    var styles: [SeriesStyle] = []
    for index in 0..<count {
      let color = colors[index % colors.count]
      let taken = styles.filter { abs($0.color.lightness - color.lightness) < SeriesStyle.leastLightnessGap }.map(\.dash)
      let dash = SeriesStyle.dashes.first { !taken.contains($0) } ?? SeriesStyle.dashes[index % SeriesStyle.dashes.count]
      styles.append(
        SeriesStyle(
          color: color, dash: dash, marker: SeriesStyle.Marker.allCases[index % SeriesStyle.Marker.allCases.count]))
    }
    return styles
  }
}
