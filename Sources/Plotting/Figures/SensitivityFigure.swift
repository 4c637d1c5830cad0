/// The accuracy that is left when single layers lose shares of their filters: a row a layer, a column a share, darker where more
/// is lost.
public struct SensitivityFigure: Figure {
  /// An accuracy by the share of filters that went.
  public struct Value: Sendable {
    var share: Double
    var accuracy: Double

    /// Makes a value; both are 0 … 1.
    public init(share: Double, accuracy: Double) { (self.share, self.accuracy) = (share, accuracy) }
  }

  /// A layer.
  public struct Row: Sendable {
    var name: String
    var values: [Value]

    /// Makes a row.
    public init(_ name: String, values: [Value]) { (self.name, self.values) = (name, values) }
  }

  /// The kind's name.
  public static let kind = "sensitivity"
  /// What the kind shows.
  public static let summary = "accuracy left when single layers lose shares of their filters"

  /// The title over the figure.
  public var title: String?
  /// The layers, from above.
  public var rows: [Row]
  /// The accuracy with all filters, 0 … 1.
  public var whole: Double
  /// What stands below.
  public var caption: String

  private static let margin = 6.0
  private static let cell = Size(30, 13)
  private static let font = Font(6.5)
  private static let titleFont = Font(9, bold: true)

  /// Makes a figure.
  public init(title: String? = nil, rows: [Row], whole: Double, caption: String) {
    self.title = title
    self.rows = rows
    self.whole = whole
    self.caption = caption
  }

  private var shares: [Double] { Set(rows.flatMap { $0.values.map(\.share) }).sorted() }
  private var names: Double { rows.map { Text($0.name, SensitivityFigure.font).size.width }.max() ?? 0 }
  private var left: Double { SensitivityFigure.margin + names + 4 }
  private var top: Double { SensitivityFigure.margin + (title == nil ? 0 : 15) + 21 }
  private var notes: Text {
    let width = max(120, names + 4 + Double(shares.count) * SensitivityFigure.cell.width)
    return Text(
      "accuracy in %, \(SensitivityFigure.percent(whole)) with all filters; \(caption)", SensitivityFigure.font, width: width)
  }

  /// The size in points that names and cells need.
  public var size: Size {
    let columns = max(
      Double(shares.count) * SensitivityFigure.cell.width, Text("filters gone", SensitivityFigure.font).size.width)
    let heading = title.map { Text($0, SensitivityFigure.titleFont).size.width } ?? 0
    let width = max(left + columns, SensitivityFigure.margin + max(notes.size.width, heading))
    return Size(
      width + SensitivityFigure.margin,
      top + Double(rows.count) * SensitivityFigure.cell.height + 5 + notes.size.height + SensitivityFigure.margin)
  }

  /// Draws the figure on a canvas of its size.
  public func draw(on canvas: Canvas) {
    let (cell, font) = (SensitivityFigure.cell, SensitivityFigure.font)
    if let title {
      canvas.draw(Text(title, SensitivityFigure.titleFont), at: Point(size.width / 2, SensitivityFigure.margin), .top)
    }
    if !shares.isEmpty { canvas.draw(Text("filters gone", font), at: Point(left, top - 13), .bottomLeft) }
    for (column, share) in shares.enumerated() {
      let text = Text("\(SensitivityFigure.whole(100 * share)) %", font)
      canvas.draw(text, at: Point(left + (Double(column) + 0.5) * cell.width, top - 3), .bottom, color: .softInk)
    }
    for (position, row) in rows.enumerated() {
      let y = top + Double(position) * cell.height
      canvas.draw(Text(row.name, font), at: Point(left - 4, y + cell.height / 2), .right)
      for (column, share) in shares.enumerated() {
        let box = Rectangle(
          x: left + Double(column) * cell.width + 0.3, y: y + 0.3, width: cell.width - 0.6, height: cell.height - 0.6)
        guard let value = row.values.first(where: { $0.share == share }) else { continue }
        // Half of the accuracy lost is as dark as it gets.
        let loss = min(1, max(0, 2 * (whole - value.accuracy) / max(whole, 1e-9)))
        canvas.fill(box, Color(red: 1 - 0.3 * loss, green: 1 - 0.9 * loss, blue: 1 - 0.83 * loss))
        let text = Text(SensitivityFigure.percent(value.accuracy), font)
        canvas.draw(text, at: box.center, .center, color: loss > 0.55 ? .paper : .ink)
      }
    }
    canvas.draw(notes, at: Point(SensitivityFigure.margin, size.height - SensitivityFigure.margin), .bottomLeft, color: .softInk)
  }

  private static func percent(_ share: Double) -> String {
    guard abs(share) < 1e6 else { return "–" }
    let tenths = Int((1000 * share).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func whole(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\((10 * number).rounded() / 10)"
  }
}
