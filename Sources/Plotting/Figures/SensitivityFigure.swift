import Tensors

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

  /// Makes a figure.
  public init(title: String? = nil, rows: [Row], whole: Double, caption: String) {
    self.title = title
    self.rows = rows
    self.whole = whole
    self.caption = caption
  }

  /// A matrix; half of the accuracy lost is as dark as it gets.
  public func composition(_ style: FigureStyle) -> Composition {
    let shares = Set(rows.flatMap { $0.values.map(\.share) }.filter { !$0.isNaN }).sorted()
    let values = rows.flatMap { row in
      shares.map { share in row.values.first { $0.share == share }.map { 100 * $0.accuracy } ?? .nan }
    }
    let top = whole.isFinite && abs(whole) < 1e6 ? max(100 * whole, 1e-6) : 100
    var matrix = HeatMatrix(
      rows: rows.map(\.name), columns: shares.map { "\(Self.whole(100 * $0)) %" },
      values: Tensor(values, shape: [rows.count, shares.count]), colormap: .losses, range: top / 2...top
    ) { Self.percent($0 / 100) }
    matrix.columnTitle = "filters gone"
    matrix.cellWidth = 30
    matrix.barTitle = "accuracy (%)"
    matrix.note = "accuracy in %, \(Self.percent(whole)) with all filters; \(caption)"
    return matrix.composition(style)
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
